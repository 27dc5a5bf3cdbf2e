import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureDir, readJson } from 'fs-extra/esm';
import { expect, it, onTestFinished } from 'vitest';
import { registry } from '../commands/registry.js';
import { HS_PROGRAM, hsEnvironment } from './helpers/hs.js';
import { tmp } from './helpers/tmp.js';
import { FakeS3 } from './s3/fake-s3.js';
import { serve } from './s3/fake-server.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const README_HOME = '/home/ada/site';

interface Block {
  readonly language: string;
  readonly text: string;
}

function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({
    language: language!,
    text: text!,
  }));
}

/** Commands with what the page says they print. */
function transcript(text: string): { command: string; says: string }[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { command: part.slice(0, end), says: part.slice(end + 1) };
    });
}

/** What differs from run to run and from day to day, by its kind. */
function shape(output: string): string {
  return output
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
    .replace(/\b[0-9a-f]{64}\b/g, '<hash>')
    .replace(/\b[0-9a-f]{8}\b/g, '<id>')
    .replace(/\d{4}-\d\d-\d\d[T ][\d:.]+Z?/g, '<time>')
    .replace(/\d{4}-\d\d-\d\d/g, '<day>')
    .replace(/\b(in )?\d+ (second|minute|hour|day|week|month|year)s?( ago)?|\bnow\b/g, '<when>')
    .replace(/ +/g, ' ')
    .replace(/ $/gm, '');
}

/** The directory that the page speaks of: a build and a report, and `hs` on the path. */
async function workplace() {
  const dir = await tmp();
  const work = `${dir}/work`;
  await mkdir(`${dir}/bin`);
  await ensureDir(`${work}/dist`);
  await mkdir(`${work}/reports`);
  await mkdir(`${work}/node_modules`);
  await symlink(root, `${work}/node_modules/hsstore`);
  await writeFile(`${work}/dist/app.js`, 'export const answer = 42;\n');
  await writeFile(`${work}/dist/README.md`, '# App\n');
  await writeFile(`${work}/reports/january.xml`, '<testsuite tests="118" failures="0"/>\n');
  await writeFile(`${work}/reports/junit.xml`, '<testsuite tests="120" failures="1"/>\n');
  await writeFile(`${dir}/bin/hs`, `#!/bin/sh\nexec '${process.execPath}' '${HS_PROGRAM}' "$@"\n`);
  await chmod(`${dir}/bin/hs`, 0o755);
  const env = await hsEnvironment({
    PATH: `${dir}/bin:${process.env.PATH}`,
    XDG_STATE_HOME: `${dir}/state`,
    HS_ACTOR: 'human:ada',
  });
  const bash = (script: string) =>
    new Promise<{ status: number | null; output: string }>((resolve, reject) => {
      const child = spawn('bash', ['-e', '-c', `exec 2>&1\n${script}`], { cwd: work, env });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      child.on('error', reject);
      child.on('close', (status) => resolve({ status, output }));
    });
  return { work, env, bash };
}

it('every command block of the README works and prints what is shown', {
  timeout: 90_000,
}, async () => {
  const blocks = blocksOf(await readFile(`${root}/README.md`, 'utf8'));
  const { work, env, bash } = await workplace();
  const ran: Record<string, number> = {};
  await writeFile(`${work}/../exported`, '');
  const service = await serve(new FakeS3());
  onTestFinished(() => service.close());
  const keys = `AWS_ENDPOINT_URL_S3=${service.endpoint} AWS_ACCESS_KEY_ID=id AWS_SECRET_ACCESS_KEY=secret`;
  for (const { language, text } of blocks) {
    if (/^npm /m.test(text)) continue;
    ran[language] = (ran[language] ?? 0) + 1;
    if (language === 'console') {
      for (const { command, says } of transcript(text)) {
        const { status, output } = await bash(command);
        expect({ command, status, output: shape(output.replaceAll(work, README_HOME)) }).toEqual({
          command,
          status: 0,
          output: shape(says),
        });
      }
    } else if (language === 'sh') {
      // As when they are pasted one after the other: what a block exports holds for those below it.
      // What is shown of a service is done on one of the tests', and what follows on the store of the directory.
      const script = text.includes('s3://')
        ? `export ${keys}\n${text}`
        : `. ../exported\n${text}\nexport -p > ../exported`;
      const { status, output } = await bash(script);
      // Where nothing confines a tool, hs refuses to run one and says so.
      if (text.includes('hs run') && status === 125 && /sandbox/.test(output)) continue;
      expect({ text, status, output }).toMatchObject({ text, status: 0 });
    } else if (language === 'js') {
      await writeFile(`${work}/program.mjs`, text);
      const { stdout } = await promisify(execFile)(process.execPath, ['program.mjs'], { cwd: work, env });
      expect(stdout).toContain('keep evaluation pinned');
    }
  }
  expect(ran).toEqual({ console: 7, sh: 9, js: 1 });
});

it('names only scripts, files and commands that there are', async () => {
  const page = await readFile(`${root}/README.md`, 'utf8');
  const { scripts } = await readJson(`${root}/package.json`);
  for (const [, script] of page.matchAll(/npm run (\w+)/g)) expect(scripts).toHaveProperty(script!);
  for (const [, path] of page.matchAll(/\]\(([^)#:]+)\)/g)) await readFile(`${root}/${path}`);
  const map = page.slice(page.indexOf('| for people'), page.indexOf('A collection decides'));
  for (const [, name] of map.matchAll(/`([a-z][a-z -]+)`/g)) {
    expect(registry).toHaveProperty([name!]);
  }
});
