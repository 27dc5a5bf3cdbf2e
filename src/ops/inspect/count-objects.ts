import { isObjectId } from '../../core/objects/ids.js';
import { isErrno } from '../../errors/hs-error.js';
import { Trash } from '../../store/collector/trash.js';
import { FAN_OUT } from '../../store/local/layout.js';
import type { Session } from '../session/session.js';

export interface ObjectCounts {
  readonly objects: number;
  readonly object_bytes: number;
  readonly packs: number;
  /** Of all objects, those that lie in packs. */
  readonly packed_objects: number;
  readonly trash_batches: number;
  readonly trash_objects: number;
  readonly trash_bytes: number;
  /** Files in tmp/: of commands at work, or left by ones that died. */
  readonly staged: number;
  readonly leases: number;
  readonly ledger_entries: number;
}

/** Counts what lies in a store by listing it; nothing is hashed and no catalog is asked. */
export async function countObjects(session: Session): Promise<ObjectCounts> {
  const { store } = session;
  const { disk, layout } = store;
  const size = async (path: string) => {
    try {
      return (await disk.lstat(path)).size;
    } catch (e) {
      // A collector may take it away meanwhile.
      if (!isErrno(e, 'ENOENT')) throw e;
      return undefined;
    }
  };
  const counts = { objects: 0, object_bytes: 0, trash_objects: 0, trash_bytes: 0 };
  session.progress.start('counting', undefined, 'objects');
  for (const dir of FAN_OUT) {
    session.signal.throwIfAborted();
    for (const { name } of await disk.readdir(`${layout.objects}/${dir}`)) {
      if (name === undefined || !isObjectId(name)) continue;
      const bytes = await size(layout.object(name));
      if (bytes === undefined) continue;
      counts.objects += 1;
      counts.object_bytes += bytes;
      session.progress.advance(1);
    }
  }
  await store.objects.packs?.refresh();
  const packs = (await store.objects.packs?.all()) ?? [];
  for (const { index } of packs) {
    for (const { size: bytes } of index.entries()) {
      counts.objects += 1;
      counts.object_bytes += bytes;
    }
    session.progress.advance(index.length);
  }
  const trash = new Trash(disk, layout, session.random);
  const batches = await trash.list();
  for (const batch of batches) {
    for (const bytes of (await trash.sizes(batch)).values()) {
      counts.trash_objects += 1;
      counts.trash_bytes += bytes;
    }
  }
  return {
    ...counts,
    packs: packs.length,
    packed_objects: packs.reduce((sum, { index }) => sum + index.length, 0),
    trash_batches: batches.length,
    staged: (await disk.readdir(layout.tmp)).length,
    leases: (await store.leases.list()).length,
    ledger_entries: (await store.ledger.headSeq()) + 1,
  };
}
