import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { ensureDirSync } from 'fs-extra/esm';
import { beforeEach, describe, expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

/** Every helper that hs starts anywhere, planted where a package manager puts a project's programs. */
const HELPERS = 'sh cat mkfifo rm chmod sync mv bwrap unshare mount perl python3 sandbox-exec env true'.split(
  ' ',
);

let dir: string;
let env: Record<string, string>;

beforeEach(async () => {
  dir = await tmp();
  const bin = `${dir}/node_modules/.bin`;
  ensureDirSync(bin);
  mkdirSync(`${dir}/started`);
  for (const name of HELPERS) {
    writeFileSync(`${bin}/${name}`, `#!/bin/sh\n: >"${dir}/started/${name}"\nexec /usr/bin/${name} "$@"\n`, {
      mode: 0o755,
    });
  }
  env = { PATH: `${bin}:${process.env.PATH}`, TMPDIR: await tmp() };
  await hs(['init'], { cwd: dir });
});

const run = (args: string[]) => hs(args, { cwd: dir, env });
const started = () => readdirSync(`${dir}/started`);

describe('programs in front of PATH, such as those of node_modules/.bin', () => {
  it('are not started by put, export or doctor, which need helpers', async () => {
    mkdirSync(`${dir}/tree`);
    for (let i = 0; i < 40; i++) writeFileSync(`${dir}/tree/${i}`, `${i}`);
    expect(await run(['put', 'tree', '--name', 'tree'])).toMatchObject({ status: 0 });
    expect(await run(['export', 'tree', 'out'])).toMatchObject({ status: 0 });
    await run(['doctor']);
    expect(started()).toEqual([]);
  });

  it('are not started by hs run with any backend, but by the tool itself', async () => {
    for (const backend of ['none', 'bubblewrap', 'landlock']) {
      await run(['run', '--sandbox', backend, '--', '/bin/sh', '-c', ': >"$HS_OUT/f"']);
      expect(started()).toEqual([]);
    }
    await run(['run', '--sandbox', 'none', '--', 'true']);
    expect(started()).toEqual(['true']);
  });
});
