import type { ArtifactId } from '../../../src/core/objects/ids.js';
import { isObjectId } from '../../../src/core/objects/ids.js';
import { isErrno } from '../../../src/errors/hs-error.js';
import { applyRemoval } from '../../../src/ops/gc/apply-removal.js';
import { StoreRetention } from '../../../src/ops/gc/store-retention.js';
import type { Session } from '../../../src/ops/session/session.js';
import { mark } from '../../../src/store/collector/mark.js';
import { FAN_OUT } from '../../../src/store/local/layout.js';
import type { MemoryStores } from '../../../src/store/memory/memory-stores.js';
import { IndexReader } from '../../../src/store/objects/index-reader.js';
import { behind } from '../../helpers/store.js';

export async function removeExpired(session: Session): Promise<void> {
  await applyRemoval(new StoreRetention(session, { capability: 'retention.collect' }), {
    command: 'gc',
    now: () => session.now(),
    report: session.random.uuid() as ArtifactId,
    actor: session.actor,
    traceId: session.traceId,
    systemMs: () => session.clock.now(),
  });
}

/**
 * Mark, then unlink what was not reached: what most stores do. With an age, what is younger is left
 * alone, in the hope that whoever is about to use an object has just written it.
 */
export function markAndDelete(graceMs: number) {
  return async (session: Session): Promise<void> => {
    await removeExpired(session);
    const { store } = session;
    const { disk, layout } = behind(session);
    const { reachable } = await mark(store, new IndexReader(store.objects));
    for (const dir of FAN_OUT) {
      for (const { name } of await disk.readdir(`${layout.objects}/${dir}`)) {
        if (name === undefined || !isObjectId(name) || reachable.has(name)) continue;
        try {
          const age =
            session.clock.now() - Number((await disk.lstat(layout.object(name))).mtimeNs / 1_000_000n);
          if (age >= graceMs) await disk.unlink(layout.object(name));
        } catch (e) {
          if (!isErrno(e, 'ENOENT')) throw e;
        }
      }
    }
  };
}

/** Mark, then delete from a store in memory what was not reached. */
export function markAndDeleteIn(memory: MemoryStores) {
  return async (session: Session): Promise<void> => {
    await removeExpired(session);
    const { store } = session;
    const { reachable } = await mark(store, new IndexReader(store.objects));
    const { objects } = memory.stateOf(store.local.workspace);
    for (const id of [...objects.keys()].filter((id) => !reachable.has(id))) {
      // A look at each, as it would be deleted: others go on meanwhile.
      if ((await store.objects.sizeInUse(id)) !== undefined) objects.delete(id);
    }
  };
}
