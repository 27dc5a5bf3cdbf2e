import { writeFileSync } from 'node:fs';
import { ensureDirSync } from 'fs-extra/esm';
import { beforeAll, describe, expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { makeTempDirectory } from '../helpers/tmp.js';

const FILES = 100_000;
const DIRECTORIES = 256;
/** Mebibytes. */
const HEAP = 64;
const LONG = 600_000;

/** A store with one directory of 100,000 files. Made once, since that takes longer than all the rest. */
let cwd: string;

beforeAll(async () => {
  const directory = await makeTempDirectory();
  cwd = directory.path;
  for (let d = 0; d < DIRECTORIES; d++) {
    ensureDirSync(`${cwd}/tree/directory-${d}`);
    for (let n = d; n < FILES; n += DIRECTORIES) {
      writeFileSync(`${cwd}/tree/directory-${d}/file-${n}.txt`, String(n));
    }
  }
  expect((await hs(['init'], { cwd })).status).toBe(0);
  expect((await hs(['put', 'tree', '--name', 'tree'], { cwd })).status).toBe(0);
  return () => directory.remove();
}, LONG);

/** As a machine with little memory runs it. */
const small = (...args: string[]) => hs(args, { cwd, env: { NODE_OPTIONS: `--max-old-space-size=${HEAP}` } });

describe(`with a heap of ${HEAP} MiB, a directory of ${FILES} files`, () => {
  it('is bundled', { timeout: LONG }, async () => {
    const { status, stderr } = await small('bundle', 'create', 'tree', '--name', 'bundle');
    expect(stderr).not.toContain('heap');
    expect(status).toBe(0);
    const manifest = await hs(['cat-artifact', '--manifest', 'bundle'], { cwd });
    const { stdout } = await hs(['ls-index', JSON.parse(manifest.stdout).content_hash], { cwd });
    // With the manifest, and the bundle's own index and report.
    expect(stdout.trimEnd().split('\n')).toHaveLength(FILES + 3);
  });

  it('is checked by fsck', { timeout: LONG }, async () => {
    const { status, stdout } = await small('fsck', '--json');
    expect(status).toBe(0);
    const { checked } = JSON.parse(stdout);
    expect(checked.objects).toBeGreaterThan(FILES);
  });
});
