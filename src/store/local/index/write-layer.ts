import type { Random } from '../../../core/effects.js';
import { isErrno } from '../../../errors/hs-error.js';
import type { BlockCompressor } from '../../../fsx/compress-ahead.js';
import type { Disk, DiskFile } from '../../../fsx/disk.js';
import type { IndexPort } from '../../../fsx/sync-read-file.js';
import type { LayeredTables } from './layered-tables.js';
import { type LineRanges, PieceRanges } from './line-ranges.js';
import { MergedLines } from './merge-lines.js';
import { encodeRoot, MAX_ROOT_BYTES } from './root-file.js';
import type { Run } from './sorted-run.js';
import { BlocksAlone, encodeRun, type RunFact } from './sorted-run-format.js';

export const ROOT = 'root';
const LOCK = 'lock';
const RESERVE = 'reserve';
/** Space that a collection on a full disk needs before it frees any; discarding the index releases it. */
const RESERVE_BYTES = 128 * 1024;
/** Older runs up to this many times the size of the new one are merged into it: few runs, and each row is rarely rewritten. */
const GROWTH = 4;
/** Files made by a writer; fsck reports any other. */
const OURS = /^(?:run-|root\.)[0-9a-f]{16}$/;
const WRITE_BYTES = 1024 * 1024;
/** Rows that take longer to write, 0.2 s, than another thread to start. */
const LEAST_AHEAD = 200_000;

/** Name of a run known to this process only. */
const SPILL = 'spill';
const isSpill = ({ name }: RunFact) => name === SPILL;

export interface LayerPlace {
  readonly disk: Disk;
  readonly random: Random;
  /** The directory of the index. */
  readonly dir: string;
  readonly key: string;
  readonly storeId: string;
  readonly port: Pick<IndexPort, 'compressAhead'>;
  /** Deletes what other indexes left. */
  tidy(): Promise<void>;
}

export interface WrittenLayer {
  /** Newest first. */
  readonly facts: readonly RunFact[];
  readonly root: Uint8Array;
}

async function exclusively<T>({ disk, dir }: LayerPlace, run: () => Promise<T>): Promise<T | undefined> {
  await disk.writeFile(`${dir}/${LOCK}`, new Uint8Array(), { mode: 0o600, sync: false }).catch((e) => {
    if (!isErrno(e, 'EEXIST')) throw e;
  });
  const lock = await disk.open(`${dir}/${LOCK}`, { access: 'update' });
  try {
    return (await lock.tryLock()) ? await run() : undefined;
  } finally {
    await lock.close();
  }
}

async function readRoot({ disk, dir }: LayerPlace): Promise<Uint8Array | undefined> {
  try {
    return await disk.readFile(`${dir}/${ROOT}`, MAX_ROOT_BYTES);
  } catch (e) {
    if (isErrno(e, 'ENOENT')) return undefined;
    throw e;
  }
}

/**
 * Writes the changes in memory as a run, merged with the smaller runs below, and a root that names it. Nothing is
 * fsynced: what a power failure tears does not match its hash. Undefined if another process is writing, or has written
 * since the root `before` was read, from which the tables were loaded.
 */
export async function writeLayer(
  place: LayerPlace,
  tables: LayeredTables,
  before: Uint8Array | undefined,
): Promise<WrittenLayer | undefined> {
  const { disk, random, dir, key, storeId, port } = place;
  await disk.mkdir(dir, 0o700).catch((e) => {
    if (!isErrno(e, 'EEXIST')) throw e;
  });
  return exclusively(place, async () => {
    const now = await readRoot(place);
    if (now === undefined) {
      // Before there is a root: after it, nobody would come again for what a failure or a kill left.
      await place.tidy();
      await reserve(place);
    }
    if (!Buffer.from(now ?? []).equals(Buffer.from(before ?? []))) return undefined;
    let { rows } = tables.changes;
    let taken = 0;
    for (const { fact } of tables.runs) {
      if (fact.rows > GROWTH * rows && !isSpill(fact)) break;
      rows += fact.rows;
      taken++;
    }
    const merged = tables.runs.slice(0, taken);
    const sources = [tables.changed(), ...merged.map((run) => new PieceRanges(run.blocks()))];
    const below = tables.runs.slice(taken);
    // Without a run below, removed keys need no row.
    const all = new MergedLines(sources, below.length > 0);
    const ahead = rows < LEAST_AHEAD ? undefined : port.compressAhead?.();
    const fact = await writeRun(place, `run-${random.hex(8)}`, all, ahead ?? new BlocksAlone(true));
    const facts = [fact, ...below.map((run) => run.fact)];
    const root = encodeRoot(key, storeId, facts);
    const tmp = `${dir}/${ROOT}.${random.hex(8)}`;
    await disk.writeFile(tmp, root, { mode: 0o600, sync: false });
    await disk.rename(tmp, `${dir}/${ROOT}`);
    // Nobody else can be creating one under the lock.
    const named = new Set(facts.map((f) => f.name));
    for (const { name } of await disk.readdir(dir)) {
      if (name !== undefined && OURS.test(name) && !named.has(name)) await disk.removeTree(`${dir}/${name}`);
    }
    return { facts, root };
  });
}

/**
 * Writes the changes in memory to a run that is unlinked once it is open, which bounds the memory for folding a long
 * ledger. `dir` is created for it and removed.
 */
export async function spillLayer(
  place: Pick<LayerPlace, 'disk' | 'dir'>,
  tables: LayeredTables,
  open: (fact: RunFact) => Run,
): Promise<Run> {
  const { disk, dir } = place;
  await disk.mkdir(dir, 0o700);
  try {
    return open(await writeRun(place, SPILL, tables.changed(), new BlocksAlone(false)));
  } finally {
    await disk.removeTree(dir);
  }
}

/** Writes incompressible bytes. */
async function reserve({ disk, random, dir }: LayerPlace): Promise<void> {
  const bytes = Buffer.from(random.hex(RESERVE_BYTES), 'hex');
  await disk.writeFile(`${dir}/${RESERVE}`, bytes, { mode: 0o600, sync: false }).catch((e) => {
    if (!isErrno(e, 'EEXIST')) throw e;
  });
}

/** Closes the compressor. */
async function writeRun(
  { disk, dir }: Pick<LayerPlace, 'disk' | 'dir'>,
  name: string,
  rows: LineRanges,
  compressor: BlockCompressor,
): Promise<RunFact> {
  const path = `${dir}/${name}`;
  let file: DiskFile | undefined;
  /** What is under way while the next is made. */
  let writing: Promise<void> | undefined;
  try {
    file = await disk.open(path, { access: 'create', mode: 0o600 });
    const pieces = encodeRun(name, rows, compressor);
    let held: Buffer[] = [];
    let bytes = 0;
    for (let next = pieces.next(); ; next = pieces.next()) {
      if (!next.done) {
        held.push(next.value);
        bytes += next.value.length;
        if (bytes < WRITE_BYTES) continue;
      }
      await writing;
      if (held.length > 0) writing = file.write(Buffer.concat(held));
      writing?.catch(() => undefined);
      held = [];
      bytes = 0;
      if (!next.done) continue;
      await writing;
      return next.value;
    }
  } catch (e) {
    if (file !== undefined) await disk.unlink(path).catch(() => undefined);
    throw e;
  } finally {
    compressor.close();
    await writing?.catch(() => undefined);
    await file?.close();
  }
}
