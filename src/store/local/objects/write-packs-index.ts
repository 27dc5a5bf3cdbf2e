import type { ObjectId } from '../../../core/objects/ids.js';
import {
  MOST_INDEXED_PACKS,
  PACKS_ENTRY_BYTES,
  PacksIndexWriter,
} from '../../../core/objects/packs-index-file.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { Working } from '../../port/reclaimer.js';
import type { LocalParts } from '../local-parts.js';
import { Pack } from './pack.js';
import { isMostlyGone, MOST_PACKS_INDEX_BYTES, type PacksIndex, type PacksIndexPart } from './packs-index.js';

/** Files up to this many times as long as what is new are written anew with it: so they are few, and each is rarely rewritten. */
const GROWTH = 4;
const DIR_MODE = 0o700;
const FILE_MODE = 0o600;
/** What must stay free: it is of less use than anything else in the store. */
const LEAST_FREE_BYTES = 16 * 1024 * 1024;
const MOST_ENTRIES = MOST_PACKS_INDEX_BYTES / 2 / PACKS_ENTRY_BYTES;

interface Plan {
  /** Packs that no file covers. */
  readonly fresh: readonly Pack[];
  /** Files that the new one takes the place of. */
  readonly merged: readonly PacksIndexPart[];
  /** At most. */
  readonly entries: number;
}

/**
 * Brings the index over packs up to date if enough has changed. It is derived: what keeps it from being
 * written is no error, and it is left as it was when the signal is aborted.
 */
export async function writePacksIndex(
  parts: LocalParts,
  { staging, signal }: Pick<Working, 'staging' | 'signal'>,
): Promise<void> {
  const { packs } = parts.files;
  try {
    const there = new Set((await packs?.refresh()) ?? []);
    if (!packs?.isIndexDue) return;
    const plan = planOf(packs.index!, await packs.shapes(), there);
    const made = await make(parts, packs.index!, plan, there, signal);
    if (signal?.aborted) return;
    const isThere = made === undefined || (await publish(parts, made, await staging()));
    const old = [...plan.merged.map(({ name }) => name), ...packs.index!.damaged];
    if (isThere) await remove(parts, new Set(old.filter((name) => name !== made?.name)));
    if (isThere && made !== undefined) packs.index!.written(made.name);
    await packs.refresh();
  } catch (e) {
    if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
  }
}

function planOf(index: PacksIndex, packs: readonly Pack[], there: ReadonlySet<ObjectId>): Plan {
  const merged: PacksIndexPart[] = [];
  const fresh: Pack[] = [];
  let entries = 0;
  const fits = (more: number, by: number) => entries + more <= MOST_ENTRIES && by <= MOST_INDEXED_PACKS;
  for (const pack of packs) {
    if (index.covers(pack.name) || !fits(pack.shape.length, fresh.length + 1)) continue;
    fresh.push(pack);
    entries += pack.shape.length;
  }
  let names = fresh.length;
  for (const part of [...index.parts].sort((a, b) => a.entries - b.entries)) {
    const isDue = part.entries <= GROWTH * entries || isMostlyGone(part, there);
    if (!isDue || !fits(part.entries, names + part.packs.length)) continue;
    merged.push(part);
    entries += part.entries;
    names += part.packs.length;
  }
  return { fresh, merged, entries };
}

/** Undefined: it would be over no packs. */
async function make(
  { disk }: LocalParts,
  index: PacksIndex,
  plan: Plan,
  there: ReadonlySet<ObjectId>,
  signal: AbortSignal | undefined,
) {
  const writer = new PacksIndexWriter(plan.entries);
  for (const part of plan.merged) {
    const entries = await index.entriesOf(part);
    // What it said is lost: its packs are new to the next one who looks.
    if (entries !== undefined) writer.addEntries(entries, part, (pack) => there.has(pack));
  }
  // Opened apart: their indexes need not stay in memory.
  for (const { name, path } of plan.fresh) {
    if (signal?.aborted) return undefined;
    try {
      const pack = await Pack.open(disk, name, path);
      await pack.close();
      pack.index.verify(name);
      writer.addPack(name, pack.index.digests);
    } catch (e) {
      // It stays uncovered, and is looked into.
      if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
    }
  }
  return writer.isEmpty ? undefined : writer.finish();
}

/** False: there is too little room. */
async function publish(
  { disk, layout, stagingPath }: LocalParts,
  made: { readonly name: string; readonly bytes: Uint8Array },
  lease: string,
): Promise<boolean> {
  const { freeBytes } = await disk.space(layout.root);
  if (freeBytes < LEAST_FREE_BYTES + made.bytes.length) return false;
  await disk.mkdir(layout.packsIndex, DIR_MODE).catch((e) => {
    if (!isErrno(e, 'EEXIST')) throw e;
  });
  const staged = stagingPath(lease);
  // What a power failure tears would be read without being proven.
  await disk.writeFile(staged, made.bytes, { mode: FILE_MODE, sync: true });
  try {
    await disk.rename(staged, `${layout.packsIndex}/${made.name}`);
  } catch (e) {
    await disk.unlink(staged);
    throw e;
  }
  return true;
}

async function remove({ disk, layout }: LocalParts, names: ReadonlySet<string>): Promise<void> {
  for (const name of names) {
    await disk.unlink(`${layout.packsIndex}/${name}`).catch((e) => {
      if (!isErrno(e, 'ENOENT')) throw e;
    });
  }
}
