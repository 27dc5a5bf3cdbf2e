import type { ObjectId } from '../../core/objects/ids.js';
import type { Session } from '../session/session.js';

export interface ObjectCounts {
  readonly objects: number;
  readonly object_bytes: number;
  readonly packs: number;
  /** Number of all objects that are in packs. */
  readonly packed_objects: number;
  readonly trash_batches: number;
  readonly trash_objects: number;
  readonly trash_bytes: number;
  /** Files in tmp/: of running commands, or left by ones that died. */
  readonly staged: number;
  readonly leases: number;
  readonly ledger_entries: number;
}

/** Counts the contents of a store by listing it, without hashing and without the catalog. */
export async function countObjects(session: Session): Promise<ObjectCounts> {
  const { store } = session;
  const counts = { objects: 0, object_bytes: 0, packs: 0, packed_objects: 0 };
  /** An object in a batch both as a file and in a pack counts once. */
  const trashed = new Map<string, Map<ObjectId, number>>();
  session.progress.start('counting', undefined, 'objects');
  for await (const { batch, pack, objects } of store.inventory.groups({ sizes: true })) {
    session.signal.throwIfAborted();
    if (batch === undefined && pack !== undefined) counts.packs += 1;
    for (const { id, size = 0 } of objects) {
      session.progress.advance(1);
      if (batch !== undefined) {
        const inBatch = trashed.get(batch) ?? new Map<ObjectId, number>();
        trashed.set(batch, inBatch.set(id, size));
        continue;
      }
      counts.objects += 1;
      counts.object_bytes += size;
      if (pack !== undefined) counts.packed_objects += 1;
    }
  }
  const trash = [...trashed.values()].flatMap((inBatch) => [...inBatch.values()]);
  return {
    ...counts,
    trash_batches: (await store.reclaimer.batches()).length,
    trash_objects: trash.length,
    trash_bytes: trash.reduce((sum, size) => sum + size, 0),
    staged: (await store.inventory.staged()).length,
    leases: (await store.leases.list()).length,
    ledger_entries: (await store.ledger.headSeq()) + 1,
  };
}
