import { chmod, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { sha256 } from '../../../src/core/objects/hash.js';
import type { ObjectId } from '../../../src/core/objects/ids.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { changePins } from '../../../src/ops/govern/pins.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import { openTestSession, type TestStoreOptions, TINY_PACKS, testStore } from '../../helpers/store.js';

export const FSCK = { secondOpinion: false, sample: 1, repair: false } as const;
export const REPAIR = { ...FSCK, repair: true } as const;

export interface SampleStore {
  /** The workspace, and the store in it. */
  readonly dir: string;
  readonly root: string;
  readonly session: Session;
  /** Every file of the payloads. */
  readonly sources: string;
  open(options?: TestStoreOptions): Promise<Session>;
  at(id: ObjectId): string;
}

export const idOf = (text: string) => sha256(Buffer.from(text));

/** Changes a file that is read-only. */
export async function overwrite(path: string, bytes: string | Uint8Array): Promise<void> {
  await chmod(path, 0o644);
  await writeFile(path, bytes);
  await chmod(path, 0o444);
}

/**
 * A small store of everything: the file `f`, which is pinned; the directory `d` of two files; `many`, whose files are
 * in a pack; `gone` and `packed-gone` in the trash.
 */
export async function sampleStore(base: string, options: TestStoreOptions = {}): Promise<SampleStore> {
  const dir = `${base}/w`;
  const sources = `${base}/sources`;
  for (const name of [dir, `${sources}/d/sub`, `${sources}/many`, `${sources}/packed-gone`]) {
    await mkdir(name, { recursive: true });
  }
  await writeFile(`${sources}/f`, 'the file');
  await writeFile(`${sources}/gone`, 'it went');
  await writeFile(`${sources}/d/one`, 'one');
  await writeFile(`${sources}/d/sub/two`, 'two');
  for (let i = 0; i < 5; i++) {
    await writeFile(`${sources}/many/${i}`, `${i}`.repeat(1500));
    await writeFile(`${sources}/packed-gone/${i}`, `gone ${i}`.repeat(300));
  }
  const of = { useIndex: false, packLimits: { ...TINY_PACKS, leastObjects: 6 }, ...options };
  const session = await testStore(dir, of);
  const ids = new Map<string, Awaited<ReturnType<typeof put>>[number]['artifactId']>();
  for (const name of ['f', 'd', 'many', 'gone', 'packed-gone']) {
    ids.set(name, (await put(session, [{ path: `${sources}/${name}` }], { name }))[0]!.artifactId);
  }
  await changePins(session, [{ change: 'pin', id: ids.get('f')!, name: 'keep' }]);
  await removeArtifacts(session, new Set([ids.get('gone')!, ids.get('packed-gone')!]));
  const root = `${dir}/.hsstore`;
  return {
    dir,
    root,
    session,
    sources,
    open: (other = {}) => openTestSession(dir, { ...of, ...other }),
    at: (id) => `${root}/objects/${id.slice(0, 2)}/${id}`,
  };
}

/** Copies a store to a workspace of its own. */
export async function copyStore(root: string, to: string): Promise<void> {
  await cp(root, `${to}/.hsstore`, { recursive: true, preserveTimestamps: true });
}

/** Paths of the files in use below a directory, in order. */
export async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((e) => e.isFile())
    .map((e) => `${e.parentPath}/${e.name}`)
    .sort();
}

export async function contentsOf(dir: string): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const path of await filesBelow(dir))
    all.set(path.slice(dir.length), (await readFile(path)).toString('hex'));
  return all;
}
