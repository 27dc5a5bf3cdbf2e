import type { ObjectId } from '../../core/objects/ids.js';
import type { PackEntry } from '../../core/objects/pack-index.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import { PACK_LIMITS } from '../objects/pack-writer.js';
import type { Pack } from '../objects/packs.js';
import type { Store } from '../store.js';
import { Repack } from './repack.js';

/** The packs in use whose index is whole, and what is wrong with others: those are not touched (D8). */
export async function soundPacks(store: Store): Promise<{ packs: Pack[]; damaged: string[] }> {
  const packs: Pack[] = [];
  const damaged: string[] = [];
  await store.objects.packs?.refresh();
  for (const pack of (await store.objects.packs?.all()) ?? []) {
    try {
      pack.index.verify(pack.name);
      packs.push(pack);
    } catch (e) {
      if (!isHsError(e, 'INTEGRITY')) throw e;
      damaged.push(e.message);
    }
  }
  for (const name of store.objects.packs?.unreadable ?? []) damaged.push(`pack ${name} cannot be read`);
  return { packs, damaged };
}

/**
 * Takes an object that has a file of its own out of the packs that have it damaged. False when it has none, or
 * a collector is at work.
 */
export async function dropCopies(store: Store, lease: string, id: ObjectId): Promise<boolean> {
  return asCollector(store, async () => {
    if ((await store.objects.sizeOfFile(id)) === undefined) return false;
    const to = (entry: PackEntry) => (entry.id === id ? undefined : store.layout.packs);
    const { packs } = await soundPacks(store);
    const sources = packs.filter((p) => p.index.find(id) !== undefined).map((pack) => ({ pack, to }));
    await new Repack(store, lease).run(sources);
    return true;
  });
}

/** Packs so small that some of them would better be one; none where they are few. */
function smallPacks(store: Store, packs: readonly Pack[]): readonly Pack[] {
  const { mostBytes, mostObjects, mergeFrom } = store.ports.packLimits ?? PACK_LIMITS;
  // One that is full of tiny objects stays as it is, however often it is written anew.
  const small = packs.filter((p) => p.fileBytes < mostBytes / 8 && p.index.length < mostObjects / 2);
  return small.length < mergeFrom ? [] : small;
}

/**
 * Makes few of many small packs, where there is room: each lookup of an object that is in none of them asks
 * them all.
 */
export async function mergePacks(
  store: Store,
  packs: readonly Pack[],
  staging: () => Promise<string>,
  signal?: AbortSignal,
): Promise<void> {
  const sources = smallPacks(store, packs).map((pack) => ({ pack, to: () => store.layout.packs }));
  if (sources.length === 0) return;
  try {
    await new Repack(store, await staging()).run(sources, signal);
  } catch (e) {
    if (!isErrno(e, 'ENOSPC', 'EDQUOT')) throw e;
  }
}

/**
 * The same by a command that has just made a pack, unless a collector is at work, which does it itself. What
 * was asked of the command is done, whatever comes of this.
 */
export async function tidyPacks(store: Store, lease: string): Promise<void> {
  try {
    await store.objects.packs?.refresh();
    if (smallPacks(store, (await store.objects.packs?.all()) ?? []).length === 0) return;
    await asCollector(store, async () => {
      const { packs } = await soundPacks(store);
      await mergePacks(store, packs, async () => lease);
      return true;
    });
  } catch (e) {
    if (!isErrno(e) && !isHsError(e)) throw e;
  }
}

/** False when another one is at work. */
async function asCollector(store: Store, run: () => Promise<boolean>): Promise<boolean> {
  const lock = await store.collectorLock();
  try {
    return (await lock.tryLock()) && (await run());
  } finally {
    await lock.close();
  }
}
