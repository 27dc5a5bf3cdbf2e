import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

let dir: string;

beforeEach(async () => {
  dir = await tmp();
  await hs(['init'], { cwd: dir });
  writeFileSync(`${dir}/f`, 'x');
  await hs(['put', 'f', '--name', 'f'], { cwd: dir });
});

/** Runs a line of shell in which `hs` is hs, `$bad` holds a byte that is not UTF-8, and `$odd` holds U+FFFD. */
async function shell(script: string): Promise<{ status: number | null; stderr: string }> {
  const env = await hsEnvironment({ NODE: process.execPath, HS: HS_PROGRAM });
  const head = `hs() { "$NODE" "$HS" "$@"; }; bad=$(printf 'oo\\377'); odd=$(printf 'oo\\357\\277\\275')`;
  const { status, stderr } = spawnSync('/bin/sh', ['-c', `${head}; ${script}`], { cwd: dir, env });
  return { status, stderr: stderr.toString() };
}

const names = () =>
  readdirSync(dir, { encoding: 'latin1' })
    .filter((name) => name !== '.hsstore')
    .sort();

describe('invalid UTF-8 is refused, never repaired (B4)', () => {
  it('as an argument or the value of an option', async () => {
    for (const args of [
      'export f "$bad"',
      'put f --name "$bad"',
      'init "$bad"',
      '-C "$bad" ls',
      '--store="$bad" ls',
    ]) {
      const { status, stderr } = await shell(`hs ${args}`);
      expect({ args, status }).toEqual({ args, status: 2 });
      expect(stderr).toMatch(/oo.* is not UTF-8/);
    }
    expect((await shell('hs run -- echo "$bad"')).status).toBe(125);
    expect(names()).toEqual(['f']);
  });

  it('as an environment variable that hs reads', async () => {
    const { status, stderr } = await shell('HS_STORE="$bad" hs ls');
    expect(status).toBe(2);
    expect(stderr).toMatch(/HS_STORE is not UTF-8/);
  });

  it('as the current directory, next to one that looks the same', async () => {
    mkdirSync(`${dir}/oo\ufffd`);
    for (const make of ['mkdir "$bad"; ', '']) {
      const { status, stderr } = await shell(`${make}cd "$bad" && hs init`);
      expect(status).toBe(7);
      expect(stderr).toMatch(/current directory .* is not UTF-8/);
    }
    expect(readdirSync(`${dir}/oo\ufffd`)).toEqual([]);
  });

  it('but U+FFFD itself is a character like others', async () => {
    expect(
      (await shell('hs export f "$odd" && mkdir d"$odd" && cd d"$odd" && HS_STORE="../" hs ls')).status,
    ).toBe(0);
    expect(readdirSync(dir)).toContain('oo\ufffd');
  });
});
