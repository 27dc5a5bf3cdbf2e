import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog, Head } from '../../core/catalog/catalog.js';
import { isRestricted } from '../../core/manifest/sensitivity.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import type { LedgerFold } from '../catalog/ledger-fold.js';
import type { Ledger } from '../ledger/ledger.js';
import type { IndexReader } from '../objects/index-reader.js';

/** Every object that something live, or the ledger itself, names at one ledger position. */
export interface Mark {
  readonly reachable: ReadonlySet<ObjectId>;
  /** What could not be read, so that `reachable` may lack something: nothing may go by this mark (D8). */
  readonly unknown: readonly string[];
  readonly catalog: Catalog;
  readonly head: Head;
}

/** All objects an artifact names; false when its index cannot be read. */
export async function namesOf(
  record: ArtifactRecord,
  indexes: IndexReader,
  into: (id: ObjectId) => void,
): Promise<boolean> {
  for (const { manifest } of record.manifests) into(manifest);
  into(record.content_hash);
  if (record.payload_type === 'file') return true;
  const found = await indexes.read(record.content_hash);
  if (found === undefined) return false;
  for (const { id } of found.members) into(id);
  return true;
}

/**
 * Marks from the ledger's head. The mark before is still the mark when nothing was committed since. What it
 * goes by is durable: bytes that go for a removal which a power cut then takes back would be those of a live
 * artifact.
 */
export async function mark(
  ledger: Ledger,
  fold: LedgerFold,
  indexes: IndexReader,
  before?: Mark,
): Promise<Mark> {
  const catalog = await fold.advance();
  if (before !== undefined && before.head.seq === fold.head.seq) return before;
  await ledger.settle(fold.head.seq);
  return markFor(catalog, fold, indexes);
}

/**
 * Indexes of restricted directories that were removed. They are kept when the bytes go: only by them are
 * copies of the files known for what they are, by the guard and the read gate.
 */
export async function keptIndexes(catalog: Catalog): Promise<ObjectId[]> {
  const ids: ObjectId[] = [];
  for await (const record of catalog.guarded()) {
    const isKept =
      record.removed !== undefined && record.payload_type === 'directory' && isRestricted(record);
    if (isKept) ids.push(record.content_hash);
  }
  return ids;
}

/**
 * The mark for a fold as it stands, for looking only. Roots: what live artifacts name (the manifests of all
 * revisions, payload, index, what the index lists), every operation list, payload object and policy, and the
 * indexes that are kept.
 */
export async function markFor(catalog: Catalog, fold: LedgerFold, indexes: IndexReader): Promise<Mark> {
  const reachable = new Set([...fold.roots, ...(await keptIndexes(catalog))]);
  const unknown = [...fold.unreadable];
  for await (const record of catalog.live()) {
    await yieldToEvents();
    if (!(await namesOf(record, indexes, (id) => reachable.add(id)))) {
      unknown.push(`the index of directory '${record.artifact_id}'`);
    }
  }
  return { reachable, unknown, catalog, head: fold.head };
}
