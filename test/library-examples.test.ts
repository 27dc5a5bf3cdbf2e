import { execFile, execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { registry } from '../commands/registry.js';
import { coverage, libraryMembers, SETTING, SHELL_ALONE } from '../scripts/docstrings.mjs';
import { hsEnvironment } from './helpers/hs.js';
import { makeTempDirectory } from './helpers/tmp.js';

const ROOT = join(import.meta.dirname, '..');
const members = libraryMembers(ROOT);

/** A line that says what it gives, or which error it throws, becomes the check of it. */
function checked(example: string): string {
  return example
    .replace(/^(\S.*?);? \/\/ → (.*)$/gm, (_, made, value) => `assert.deepEqual(await (${made}), ${value});`)
    .replace(
      /^(\S.*?);? \/\/ throws ([\w-]+)$/gm,
      (_, made, code) => `await assert.rejects(async () => ${made}, { code: '${code}' });`,
    );
}

interface Outcome {
  readonly name: string;
  readonly error?: string;
  readonly code?: string;
}

/** Runs each example in a directory of its own, as a program that has the package does. */
async function runExamples(examples: readonly { name: string; example: string }[]): Promise<Outcome[]> {
  const { path: dir, remove } = await makeTempDirectory();
  await mkdir(`${dir}/node_modules`);
  await symlink(ROOT, `${dir}/node_modules/hsstore`);
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', `${dir}/key.pem`], {
    stdio: 'ignore',
  });
  const functions = members.map((m) => m.name).filter((name) => !name.includes('.'));
  const given = [...new Set(['createStore', 'openStore', 'DEFAULT_POLICY', ...functions])].join(', ');
  for (const [i, { example }] of examples.entries()) {
    await writeFile(
      `${dir}/example-${i}.mjs`,
      `import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { ${given} } from 'hsstore';
export default async function () {
${SETTING}
try {
${checked(example)}
} finally { await store.close(); }
}
`,
    );
  }
  await writeFile(
    `${dir}/examples.mjs`,
    `import { cp, mkdir, writeFile } from 'node:fs/promises';
for (const [i, name] of ${JSON.stringify(examples.map((e) => e.name))}.entries()) {
  const at = '${dir}/at-' + i;
  await mkdir(at + '/dist', { recursive: true });
  process.chdir(at);
  await writeFile('report.html', '<h1>Report</h1>\\n');
  await writeFile('dist/README.md', '# App\\n');
  await writeFile('dist/app.js', 'export const answer = 42;\\n');
  await cp('${dir}/key.pem', 'key.pem');
  const outcome = { name };
  try {
    await (await import('${dir}/example-' + i + '.mjs')).default();
  } catch (e) {
    Object.assign(outcome, { error: String(e?.stack ?? e), code: e?.code });
  }
  console.log(JSON.stringify(outcome));
}
`,
  );
  const env = await hsEnvironment({ XDG_STATE_HOME: `${dir}/state` });
  const { stdout } = await promisify(execFile)(process.execPath, ['examples.mjs'], { cwd: dir, env });
  await remove();
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Outcome);
}

describe('the documentation of the library', () => {
  let outcomes: Outcome[];
  beforeAll(async () => {
    outcomes = await runExamples(members.map(({ name, example = '' }) => ({ name, example })));
  }, 300_000);

  it.for(members.map((m) => m.name))('%s has an example, which gives what it says', (name, context) => {
    const { example = '' } = members.find((m) => m.name === name)!;
    expect(example).toMatch(/ \/\/ (→|throws) /);
    const { error, code } = outcomes.find((o) => o.name === name)!;
    // Where nothing confines a tool, hs refuses to run one and says so.
    if (code === 'SANDBOX' && example.includes('store.run(')) context.skip();
    expect(error).toBeUndefined();
  });

  it('does not pass an example that says something else', async () => {
    const [wrong, silent] = await runExamples([
      { name: 'wrong', example: '(await store.list()).length; // → 3' },
      { name: 'silent', example: "await store.resolve('report'); // throws NOT_FOUND" },
    ]);
    expect(wrong!.error).toContain('2 !== 3');
    expect(silent!.error).toContain('Missing expected rejection');
  });

  it('has a method for every command, or the reason why not', () => {
    const commands = Object.keys(registry);
    const table = coverage(members, (name: string) => commands.includes(name));
    const gaps = commands.filter((name) => !table.has(name) && !(name in SHELL_ALONE));
    expect(gaps).toEqual([]);
    expect(Object.keys(SHELL_ALONE).filter((name) => table.has(name) || !commands.includes(name))).toEqual(
      [],
    );
  });

  it('covers every method of an open store, and every function of the package', async () => {
    const hsstore: Record<string, unknown> = await import('../src/index.js');
    const names = Object.entries(hsstore)
      .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name) && name !== 'isHsError')
      .map(([name]) => name);
    const { ArtifactStore } = await import('../src/index.js');
    const inner = /^(constructor|begin|catalog|resolveAll|selected|batch|path|key)$/;
    for (let p = ArtifactStore.prototype as object; p !== Object.prototype; p = Object.getPrototypeOf(p)) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(p)))
        if (typeof value === 'function' && !inner.test(name)) names.push(`store.${name}`);
    }
    expect(members.map((m) => m.name).sort()).toEqual(names.sort());
  });

  it('names only existing things in the README', async () => {
    const page = await readFile(join(ROOT, 'README.md'), 'utf8');
    for (const [, method] of page.matchAll(/\bstore\.(\w+)\(/g))
      expect(members.map((m) => m.name)).toContain(`store.${method}`);
  });
});
