import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import type { Disk } from '../../src/fsx/disk.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { changePins } from '../../src/ops/govern/pins.js';
import { retain } from '../../src/ops/govern/retain.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { alteredDisk } from '../helpers/altered-disk.js';
import { openTestSession, type TestStoreOptions, TINY_PACKS, testStore } from '../helpers/store.js';
import { Rng, seededRandom } from '../sim/rng.js';

/** Operations that are too many for the entry. */
const MANY = 101;

type Put = (name: string) => Promise<ArtifactId>;

/** A store of which there is a copy. */
export interface CopiedStore extends SmallStore {
  openCopy(): Promise<Session>;
}

export interface SmallStore {
  readonly dir: string;
  readonly root: string;
  /** The files that are damaged, by their paths below `root`; all of them, if it is left out. */
  readonly files?: (path: string) => boolean;
  /** The directory that those who only read change. */
  readonly changing?: string;
  /** Every question is answered, whatever is damaged: the truth is elsewhere. */
  readonly isDerived?: boolean;
  /** Names of the live artifacts. */
  readonly names: readonly string[];
  open(options?: TestStoreOptions): Promise<Session>;
}

/** Answers at once for the directories of objects/ that are empty: they are 250 of 256, looked at five times. */
async function withoutEmptyLooks(root: string): Promise<Disk> {
  const disk = nodeDisk();
  const empty = new Map<string, Awaited<ReturnType<Disk['lstat']>>>();
  for (const name of await readdir(`${root}/objects`)) {
    const path = `${root}/objects/${name}`;
    if ((await readdir(path)).length === 0) empty.set(path, await disk.lstat(path));
  }
  const changed = (path: string) => empty.delete(path.slice(0, path.lastIndexOf('/')));
  return alteredDisk(disk, {
    readdir: async (path) => (empty.has(path) ? [] : disk.readdir(path)),
    lstat: async (path) => empty.get(path) ?? disk.lstat(path),
    rename: (from, to) => {
      changed(to);
      return disk.rename(from, to);
    },
    link: (from, to) => {
      changed(to);
      return disk.link(from, to);
    },
  });
}

/** The same store each time, to the byte. */
export function fixedEffects(): Required<Pick<TestStoreOptions, 'clock' | 'random'>> {
  let ms = Date.parse('2026-06-01T00:00:00.000Z');
  return { clock: { now: () => ms++ }, random: seededRandom(new Rng(1)) };
}

async function make(
  base: string,
  given: TestStoreOptions,
  fill: (session: Session, store: Put) => Promise<void>,
  names: readonly string[],
): Promise<CopiedStore> {
  const options = { ...fixedEffects(), ...given };
  const dir = `${base}/w`;
  const sources = `${base}/sources`;
  for (const path of [dir, `${sources}/d/sub`, `${sources}/many`, `${sources}/packed-gone`]) {
    await mkdir(path, { recursive: true });
  }
  await writeFile(`${sources}/f`, 'the file');
  await writeFile(`${sources}/gone`, 'it went');
  await writeFile(`${sources}/d/one`, 'one');
  await writeFile(`${sources}/d/sub/two`, 'two');
  for (let i = 0; i < 3; i++) {
    await writeFile(`${sources}/many/${i}`, `${i}`.repeat(40));
    await writeFile(`${sources}/packed-gone/${i}`, `gone ${i}`);
  }
  const session = await testStore(dir, options);
  await fill(
    session,
    async (name) => (await put(session, [{ path: `${sources}/${name}` }], { name }))[0]!.artifactId,
  );
  await session.close();
  const root = `${dir}/.hsstore`;
  const copy = `${base}/copy`;
  await cp(root, `${copy}/.hsstore`, { recursive: true });
  const disk = await withoutEmptyLooks(root);
  const open: SmallStore['open'] = (more) =>
    openTestSession(dir, { useIndex: false, ...options, disk, ...more });
  const openCopy = () =>
    openTestSession(copy, { ...options, unchecked: true, readOnly: true, writes: false });
  // Without an index, nobody reads what is left of it.
  const files = (path: string) => !path.startsWith('cache/');
  return { dir, root, files, names, open, openCopy };
}

/** A store of files: two revisions, a directory, and entries whose payload and operations are objects. */
export function plainStore(base: string): Promise<CopiedStore> {
  const fill = async (session: Session, store: Put) => {
    const f = await store('f');
    await store('d');
    await retain(session, [f], { ttl: 9 });
    await changePins(session, Array(MANY).fill({ change: 'pin', id: f, name: 'keep' }));
    // Too long for its entry.
    const payload = {
      findings: 300,
      subjects: Array(300).fill('x'.repeat(100)),
      repaired: 0,
      summary: 'none',
    };
    await session.write('integrity.repair', [], (tx) =>
      tx.commit(() => ({ type: 'integrity_finding', payload })),
    );
  };
  return make(base, {}, fill, ['f', 'd']);
}

/** With packs, and trash that has both files and packs. */
export function packedStore(base: string): Promise<CopiedStore> {
  const fill = async (session: Session, store: Put) => {
    await store('f');
    await store('many');
    const gone = [await store('gone'), await store('packed-gone')];
    await removeArtifacts(session, new Set(gone));
  };
  return make(base, { packLimits: { ...TINY_PACKS, leastObjects: 4 } }, fill, ['f', 'many']);
}

/** Of which only the catalog index is damaged, and read. */
export async function indexedStore(base: string): Promise<CopiedStore> {
  const made = await make(base, { useIndex: true }, async (_, store) => void (await store('f')), ['f']);
  await (await made.open()).close();
  return {
    ...made,
    files: (path) => path.startsWith('cache/'),
    changing: `${made.root}/cache`,
    isDerived: true,
  };
}

/** With what a killed command left; each look waits a second for its lease. */
export async function interruptedStore(base: string): Promise<CopiedStore> {
  const made = await make(base, {}, async (_, store) => void (await store('f')), ['f']);
  const dead = 'd'.repeat(24);
  await writeFile(`${made.root}/leases/${dead}`, '{"journal":"half', { mode: 0o600 });
  await writeFile(`${made.root}/tmp/${dead}-0`, 'staged', { mode: 0o444 });
  return made;
}
