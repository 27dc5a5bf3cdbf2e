import { createSha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import { dropCopies, setAsideDamaged } from '../../store/collector/tidy.js';
import type { Repair, RepairableFinding, Repairing } from '../../store/port/finding.js';
import type { ObjectPlace } from '../../store/port/inventory.js';
import type { ObjectFile } from '../../store/port/object-source.js';
import type { Session } from '../session/session.js';
import type { PlacedObjects } from './placed-objects.js';
import type { FoundCopy, RepairSource } from './repair-source.js';

const CHUNK_BYTES = 1024 * 1024;

export interface RepairPlan {
  /** In the order in which they are made. */
  readonly repairs: readonly Repair[];
  /** The repairs that settle a finding, all of them together; none: nothing does. */
  readonly settle: ReadonlyMap<RepairableFinding, readonly Repair[]>;
  /** Of the objects that are restored. */
  readonly restored: ReadonlyMap<ObjectId, { readonly repair: Repair; readonly copy: FoundCopy }>;
}

interface OwnCopy extends FoundCopy {
  readonly isInUse: boolean;
}

async function isSound(file: ObjectFile, id: ObjectId, buffer: Uint8Array): Promise<boolean> {
  const hash = createSha256();
  let at = 0;
  for (let n = await file.read(buffer, 0); n > 0; n = await file.read(buffer, at)) {
    hash.update(buffer.subarray(0, n));
    at += n;
  }
  return hash.digest() === id;
}

/** Intact copies in the store itself of objects that are damaged in these places. */
async function ownCopies(
  { signal, store }: Session,
  objects: PlacedObjects,
  damaged: ReadonlyMap<ObjectId, readonly ObjectPlace[]>,
): Promise<Map<ObjectId, OwnCopy>> {
  const found = new Map<ObjectId, OwnCopy>();
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const tryCopy = async (id: ObjectId, { name, open }: FoundCopy, isInUse: boolean) => {
    try {
      const file = await open();
      try {
        if (await isSound(file, id, buffer)) found.set(id, { name, open, isInUse });
      } finally {
        await file.close();
      }
    } catch (e) {
      if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
    }
  };
  for (const { id, place } of damaged.size === 0 ? [] : objects) {
    const places = damaged.get(id);
    if (places === undefined || found.has(id) || places.includes(place)) continue;
    signal.throwIfAborted();
    const copy = { name: place.nameOf(id), open: () => place.open(id) };
    try {
      await tryCopy(id, copy, place.batch === undefined);
    } finally {
      await place.close();
    }
  }
  const lost = new Set([...damaged.keys()].filter((id) => !found.has(id)));
  for (const copy of lost.size === 0 ? [] : await store.inventory.quarantinedCopies(lost)) {
    if (!found.has(copy.id)) await tryCopy(copy.id, copy, false);
  }
  return found;
}

/**
 * Stores the bytes of a copy under their name. False: they are others by now. A damaged copy that stays in a pack is
 * found by the next check: nothing more can be taken out of that pack before its other objects are back.
 */
async function restore(
  { store }: Session,
  id: ObjectId,
  copy: FoundCopy,
  places: readonly ObjectPlace[],
  { lease }: Repairing,
): Promise<boolean> {
  const batch = store.batch(lease);
  try {
    batch.distrust(id);
    const file = await copy.open();
    try {
      if ((await batch.addSource(file)).id !== id) return false;
    } finally {
      await file.close();
    }
    await batch.publish();
  } finally {
    await batch.discard();
  }
  const isPacked = places.some((p) => p.pack !== undefined);
  if (isPacked) await dropCopies(store, lease, id);
  return true;
}

/**
 * Decides what is done about findings: what they say themselves; bytes from the store itself, else from `from`, for
 * objects that are missing or damaged; and the quarantine for damaged copies that have no use. Changes nothing.
 */
export async function planRepairs(
  session: Session,
  findings: readonly RepairableFinding[],
  objects: PlacedObjects,
  from: RepairSource | undefined,
): Promise<RepairPlan> {
  const open = findings.filter((f) => f.repair === undefined && f.wanted !== undefined);
  const damaged = new Map<ObjectId, ObjectPlace[]>();
  for (const { wanted = [], place } of open) {
    for (const id of wanted) {
      const places = damaged.get(id) ?? [];
      damaged.set(id, places);
      if (place !== undefined) places.push(place);
    }
  }
  const own = await ownCopies(session, objects, damaged);
  const lost = new Set([...damaged.keys()].filter((id) => !own.has(id)));
  const found = lost.size === 0 ? undefined : await from?.find(lost);

  const restored = new Map<ObjectId, { readonly repair: Repair; readonly copy: FoundCopy }>();
  const aside = new Map<ObjectId, Map<ObjectPlace, Repair>>();
  let moving: Promise<ReadonlySet<ObjectId>> | undefined;
  for (const [id, places] of damaged) {
    const copy = own.get(id) ?? found?.get(id);
    if (copy !== undefined && !own.get(id)?.isInUse) {
      const run: Repair['run'] = (under) => restore(session, id, copy, places, under);
      const repair: Repair = { action: 'restore', subject: `object ${id}`, source: copy.name, run };
      restored.set(id, { repair, copy });
      continue;
    }
    for (const place of session.store.reclaimer.setAside === undefined ? [] : places) {
      const run: Repair['run'] = async ({ lease }) => {
        moving ??= setAsideDamaged(session.store, lease, new Set(aside.keys()));
        return (await moving).has(id);
      };
      const ofId = aside.get(id) ?? new Map<ObjectPlace, Repair>();
      aside.set(id, ofId.set(place, { action: 'set-aside', subject: place.nameOf(id), run }));
    }
  }
  const settling = ({ repair, wanted = [], place }: RepairableFinding): readonly (Repair | undefined)[] => {
    if (repair !== undefined) return [repair];
    return wanted.flatMap((id) => {
      const back = restored.get(id)?.repair;
      if (back !== undefined) return [back];
      if (place !== undefined) return [aside.get(id)?.get(place)];
      // Without the damaged copies, the intact one is found.
      return own.has(id) ? [...(aside.get(id)?.values() ?? [undefined])] : [undefined];
    });
  };
  const settle = new Map<RepairableFinding, readonly Repair[]>();
  for (const finding of findings) {
    const repairs = settling(finding).filter((r) => r !== undefined);
    if (repairs.length > 0 && repairs.length === settling(finding).length) settle.set(finding, repairs);
  }
  const stated = findings.map((f) => f.repair).filter((r) => r !== undefined);
  const asides = [...aside.values()].flatMap((ofId) => [...ofId.values()]);
  const restores = [...restored.values()].map(({ repair }) => repair);
  return { repairs: [...stated, ...restores, ...asides], settle, restored };
}
