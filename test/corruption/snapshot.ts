import { chmod, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';

interface Kept {
  readonly mode: number;
  /** Undefined: a directory. */
  readonly bytes?: Buffer;
}

export type Snapshot = ReadonlyMap<string, Kept>;

async function pathsBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.map((e) => `${e.parentPath}/${e.name}`).sort();
}

/** Everything below a directory. */
export async function takeSnapshot(dir: string): Promise<Snapshot> {
  const taken = new Map<string, Kept>();
  for (const path of await pathsBelow(dir)) {
    const stat = await lstat(path);
    const mode = stat.mode & 0o7777;
    taken.set(path, stat.isDirectory() ? { mode } : { mode, bytes: await readFile(path) });
  }
  return taken;
}

/** Makes a directory what it was. */
export async function putBack(dir: string, snapshot: Snapshot): Promise<void> {
  const there = new Set(await pathsBelow(dir));
  for (const path of there) if (!snapshot.has(path)) await rm(path, { recursive: true, force: true });
  for (const [path, { mode, bytes }] of snapshot) {
    if (bytes === undefined) {
      if (!there.has(path)) await mkdir(path, { mode });
      continue;
    }
    const now = there.has(path) ? await readFile(path) : undefined;
    if (now?.equals(bytes)) continue;
    if (now !== undefined) await chmod(path, 0o600);
    await writeFile(path, bytes);
    await chmod(path, mode);
  }
}
