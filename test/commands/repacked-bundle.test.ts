import { spawnSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { ensureDir } from 'fs-extra/esm';
import { expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

const isGnuTar = String(spawnSync('tar', ['--version']).stdout).includes('GNU tar');
const named = `${isGnuTar ? '' : ' (needs GNU tar)'}`;

/** A bundle, exported as a directory `b`, of a tree with a program and a name that is long and not ASCII. */
async function exported() {
  const cwd = await tmp();
  const run = (...args: string[]) => hs(args, { cwd });
  await run('init');
  const deep = `d/${'é'.repeat(60)}/${'ü'.repeat(70)}`;
  await ensureDir(`${cwd}/${deep}`);
  for (const name of ['x', `${'ñ'.repeat(100)}`]) await writeFile(`${cwd}/${deep}/${name}`, name);
  await writeFile(`${cwd}/d/run.sh`, '#!/bin/sh\n');
  await chmod(`${cwd}/d/run.sh`, 0o755);
  await run('put', 'd', '--name', 'd');
  await run('bundle', 'create', 'd', '--name', 'b');
  expect(await run('export', 'b', `${cwd}/b`)).toMatchObject({ status: 0 });
  const tar = (...args: string[]) => expect(spawnSync('tar', args, { cwd }).status).toBe(0);
  return { cwd, run, tar };
}

it.skipIf(!isGnuTar).each(['gnu', 'pax', 'oldgnu'])(
  `a bundle that GNU tar has packed again in its format %s is whole${named}`,
  async (format) => {
    const { cwd, run, tar } = await exported();
    const files = String(spawnSync('ls', ['-1', `${cwd}/b`]).stdout)
      .trim()
      .split('\n');
    // What pax says of times besides is left out, as its manual tells.
    const options = format === 'pax' ? ['--pax-option=delete=atime,delete=ctime'] : [];
    tar('-cf', 'again.tar', `--format=${format}`, ...options, '-C', 'b', ...files);
    expect(await run('bundle', 'verify', 'again.tar')).toMatchObject({ status: 0, stderr: '' });
    const other = await tmp();
    await hs(['init'], { cwd: other });
    expect(await hs(['import', `${cwd}/again.tar`], { cwd: other })).toMatchObject({ status: 0 });
  },
  60_000,
);

it.skipIf(!isGnuTar)(
  `a bundle that was packed with its directory is told from a damaged one${named}`,
  async () => {
    const { run, tar } = await exported();
    tar('-cf', 'again.tar', 'b');
    const { status, stderr } = await run('bundle', 'verify', 'again.tar');
    expect([status, stderr]).toEqual([
      7,
      expect.stringContaining("not at the top level of the archive, but in the directory 'b'"),
    ]);
    expect(stderr).toContain("hint: create the archive inside it: cd 'b' && tar -cf ../bundle.tar -- *");
  },
);

it.each([
  ['lost', 0o644, "'run.sh' is to be executable"],
  ['got', 0o755, "'run.sh' is to be executable"],
])('a bundle that %s executable bits is told from a damaged one', async (_, mode, what) => {
  const { cwd, run } = await exported();
  for (const path of spawnSync('find', ['b', '-type', 'f'], { cwd }).stdout.toString().trim().split('\n')) {
    await chmod(`${cwd}/${path}`, mode);
  }
  const { status, stderr } = await run('bundle', 'verify', 'b');
  expect([status, stderr]).toEqual([
    5,
    expect.stringContaining(`has the right bytes but the wrong mode: ${what}`),
  ]);
  expect(stderr).toContain('hint: create the archive again from a copy with the executable bits');
  const [program] = spawnSync('find', ['b', '-name', 'run.sh'], { cwd }).stdout.toString().trim().split('\n');
  await writeFile(`${cwd}/${program}`, '#!/bin/s!\n');
  expect((await run('bundle', 'verify', 'b')).stderr).toContain('does not match its content hash');
});
