import type { Head } from '../../core/catalog/catalog.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { IndexReader } from '../objects/index-reader.js';
import type { Store } from '../store.js';
import { type Mark, namesOf } from './mark.js';

/** The objects of artifacts that were removed with a trash window (D7) after `from`, up to the head of the mark. */
export async function removedSince(
  store: Store,
  from: Head,
  { catalog, head }: Mark,
  indexes: IndexReader,
): Promise<ReadonlySet<ObjectId>> {
  const ids = new Set<ObjectId>();
  for await (const { entry } of store.ledger.walk(from, head.seq)) {
    for await (const ops of store.opsParts(entry)) {
      for (const op of ops) {
        if (op.op !== 'remove' || op.purge) continue;
        const record = await catalog.get(op.artifact_id);
        if (record?.removed !== undefined) await namesOf(record, indexes, (id) => ids.add(id));
      }
    }
  }
  return ids;
}
