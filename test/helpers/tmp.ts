import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { remove } from 'fs-extra/esm';
import { onTestFinished } from 'vitest';

export interface TempDirectory {
  /** Absolute, without links in it. */
  readonly path: string;
  remove(): Promise<void>;
}

/** A new empty directory under the system's temporary one. */
export async function makeTempDirectory(): Promise<TempDirectory> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'hs-test-')));
  return { path, remove: () => remove(path) };
}

/** A new empty directory that is removed when the test that runs now is over. */
export async function tmp(): Promise<string> {
  const { path, remove } = await makeTempDirectory();
  onTestFinished(remove);
  return path;
}
