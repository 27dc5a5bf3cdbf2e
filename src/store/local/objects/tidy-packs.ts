import type { ObjectId } from '../../../core/objects/ids.js';
import type { PackEntry } from '../../../core/objects/pack-index.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { Unlistable } from '../../port/inventory.js';
import type { Working } from '../../port/reclaimer.js';
import type { LocalParts } from '../local-parts.js';
import type { Pack, Packs } from './packs.js';
import { Repack } from './repack.js';

/** The packs of a directory whose index is whole; tells of others: those are not touched (D8). */
export async function soundPacks(
  packs: Packs | undefined,
  unlistable: (what: Unlistable) => void = () => undefined,
): Promise<Pack[]> {
  await packs?.refresh();
  const sound: Pack[] = [];
  for (const pack of (await packs?.all()) ?? []) {
    try {
      pack.index.verify(pack.name);
      sound.push(pack);
    } catch (cause) {
      if (!isHsError(cause, 'INTEGRITY')) throw cause;
      unlistable({ pack: pack.name, message: cause.message, cause });
    }
  }
  for (const pack of packs?.unreadable ?? []) {
    unlistable({ pack, message: `pack ${pack} cannot be read`, cause: undefined });
  }
  return sound;
}

/**
 * Takes an object that has a file of its own out of the packs that have it damaged. False when it has none.
 * One collector at a time.
 */
export async function dropPackedCopies(parts: LocalParts, id: ObjectId, lease: string): Promise<boolean> {
  const { files, layout } = parts;
  if ((await files.sizeOfFile(id)) === undefined) return false;
  const to = (entry: PackEntry) => (entry.id === id ? undefined : layout.packs);
  const packs = await soundPacks(files.packs);
  const sources = packs.filter((p) => p.index.find(id) !== undefined).map((pack) => ({ pack, to }));
  await new Repack(parts, lease).run(sources);
  return true;
}

/** Packs so small that some of them would better be one; none where they are few. */
export function smallPacks({ limits }: LocalParts, packs: readonly Pack[]): readonly Pack[] {
  const { mostBytes, mostObjects, mergeFrom } = limits;
  // One that is full of tiny objects stays as it is, however often it is written anew.
  const small = packs.filter((p) => p.fileBytes < mostBytes / 8 && p.index.length < mostObjects / 2);
  return small.length < mergeFrom ? [] : small;
}

/**
 * Makes few of many small packs, where there is room: each lookup of an object that is in none of them asks
 * them all.
 */
export async function mergePacks(
  parts: LocalParts,
  packs: readonly Pack[],
  { staging, signal }: Pick<Working, 'staging' | 'signal'>,
): Promise<void> {
  const sources = smallPacks(parts, packs).map((pack) => ({ pack, to: () => parts.layout.packs }));
  if (sources.length === 0) return;
  try {
    await new Repack(parts, await staging()).run(sources, signal);
  } catch (e) {
    if (!isErrno(e, 'ENOSPC', 'EDQUOT')) throw e;
  }
}
