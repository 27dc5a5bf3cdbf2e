import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { HS_PROGRAM, hsEnvironment } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

const RECIPE = join(import.meta.dirname, '..', '..', 'docs', 'ci', 'hs-ci.sh');
const NAMES = ['linux', 'mac', 'docs'] as const;

async function machine(name: string, env: Readonly<Record<string, string>>) {
  const home = await tmp();
  await mkdir(`${home}/bin`);
  await mkdir(`${home}/project/ci`, { recursive: true });
  await cp(RECIPE, `${home}/project/ci/hs-ci.sh`);
  await writeFile(`${home}/bin/hs`, `#!/bin/sh\nexec '${process.execPath}' '${HS_PROGRAM}' "$@"\n`, {
    mode: 0o755,
  });
  const whole = await hsEnvironment({
    ...env,
    HOME: home,
    PATH: `${home}/bin:${process.env.PATH}`,
    XDG_CACHE_HOME: undefined,
    XDG_STATE_HOME: undefined,
    HS_ACTOR: undefined,
    GITHUB_RUN_ID: '7',
    GITHUB_JOB: name,
    GITHUB_ACTOR: 'ada',
  });
  const job = (script: string) =>
    new Promise<{ status: number | null; said: string }>((resolve, reject) => {
      const child = spawn('sh', ['-eu', '-c', script], { cwd: `${home}/project`, env: whole, stdio: 'pipe' });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
      child.on('error', reject).on('close', (status) => resolve({ status, said }));
    });
  return { name, job, work: `${home}/project` };
}

/**
 * The functions of docs/ci in three jobs of one run, each on a machine of its own, at the same time: each builds and
 * uploads, then each downloads what all have made, and collects.
 */
export async function ciFleet(env: Readonly<Record<string, string>>, store: string): Promise<void> {
  const machines = await Promise.all(NAMES.map((name) => machine(name, { ...env, HS_STORE: store })));
  const all = (script: (name: string) => string) =>
    Promise.all(
      machines.map(async ({ name, job }) => expect(await job(script(name))).toMatchObject({ status: 0 })),
    );
  await all(
    (
      name,
    ) => `. ci/hs-ci.sh; hs_ci_start; mkdir dist; echo 'built by ${name}' > dist/index.html; echo shared > dist/same
      hs_upload site-${name} dist --ttl 30; hs_upload scratch-${name} dist/index.html --ttl 0`,
  );
  await all(() => '. ci/hs-ci.sh; hs_ci_start; hs_download_all everything > /dev/null; hs_ci_finish');
  for (const { work } of machines) {
    for (const name of NAMES) {
      const path = `${work}/everything/site-${name}`;
      expect(await readFile(`${path}/index.html`, 'utf8')).toBe(`built by ${name}\n`);
      expect(await readFile(`${path}/same`, 'utf8')).toBe('shared\n');
    }
  }
  const [{ job }] = machines as [(typeof machines)[0]];
  const after = await job("hs fsck; hs for-each-artifact --filter 'name=run-7/site-**' --format '%(name)'");
  expect(after).toMatchObject({ status: 0, said: expect.stringContaining('no problems') });
  expect(after.said.match(/^run-7\/site-/gm)).toHaveLength(NAMES.length);
}
