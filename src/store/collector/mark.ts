import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog, Head } from '../../core/catalog/catalog.js';
import { ROOTS } from '../../core/catalog/catalog-keys.js';
import { rowsOfEntry } from '../../core/catalog/ledger-rows.js';
import { RecordLines, recordOfLine } from '../../core/catalog/record-lines.js';
import { lineEnd } from '../../core/catalog/row-lines.js';
import { isRestricted } from '../../core/manifest/sensitivity.js';
import { IdTable } from '../../core/objects/id-table.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { ArtifactObjects } from '../../core/retention/artifact-columns.js';
import type { SizedObject } from '../../core/retention/sized-object.js';
import { isHsError } from '../../errors/hs-error.js';
import type { IndexReader } from '../objects/index-reader.js';
import type { Store } from '../store.js';

/** The objects that live artifacts or the ledger itself name at one ledger position. */
export interface Mark {
  readonly reachable: IdTable;
  /** What could not be read. `reachable` may then be incomplete, and nothing may be deleted by this mark (D8). */
  readonly unknown: readonly string[];
  readonly catalog: Catalog;
  readonly head: Head;
}

/** A mark under construction. */
export interface Marked {
  readonly ids: IdTable;
  /** Adds an object that something other than a live artifact names. */
  root(id: ObjectId): void;
  artifact(record: ArtifactRecord, objects: ArtifactObjects): void;
  /** As `artifact`, of a file without pins whose row could be read as it is. */
  line(line: RecordLines): void;
}

class MarkedIds implements Marked {
  readonly ids: IdTable;

  constructor(expected: number) {
    this.ids = new IdTable(expected);
  }

  root(id: ObjectId): void {
    this.ids.add(id);
  }

  artifact(_: ArtifactRecord, { objects }: ArtifactObjects): void {
    for (const { id } of objects) this.ids.add(id);
  }

  line({ bytes, manifest, content }: RecordLines): void {
    this.ids.addAt(bytes, manifest);
    this.ids.addAt(bytes, content);
  }
}

/** The manifests of all revisions, and the payload of a file. */
function ownObjects(record: ArtifactRecord): SizedObject[] {
  const objects: SizedObject[] = record.manifests.map((m) => ({ id: m.manifest, size: m.size_bytes }));
  if (record.payload_type === 'file') objects.push({ id: record.content_hash, size: record.size_bytes });
  return objects;
}

/** All objects that an artifact names, with their sizes; `damaged` if its index cannot be read. */
export async function objectsOf(record: ArtifactRecord, indexes: IndexReader): Promise<ArtifactObjects> {
  const objects = ownObjects(record);
  if (record.payload_type === 'file') return { objects, damaged: false };
  const found = await indexes.read(record.content_hash);
  if (found === undefined) return { objects, damaged: true };
  objects.push(found.index);
  // Not `push(...)`: 125,000 arguments overflow the stack.
  for (const member of found.members) objects.push(member);
  return { objects, damaged: false };
}

/** Adds all objects that an artifact names; false if its index cannot be read. */
export async function namesOf(
  record: ArtifactRecord,
  indexes: IndexReader,
  into: (id: ObjectId) => void,
): Promise<boolean> {
  const { objects, damaged } = await objectsOf(record, indexes);
  for (const { id } of objects) into(id);
  into(record.content_hash);
  return !damaged;
}

/**
 * Marks at the ledger's head; returns the previous mark if nothing was committed since. The head is made durable
 * first: otherwise a power cut could undo a removal whose bytes are already deleted.
 */
export function mark(store: Store, indexes: IndexReader, before?: Mark, signal?: AbortSignal): Promise<Mark> {
  return store.withProvenCatalog(async (catalog) => {
    if (before !== undefined && before.head.seq === catalog.head.seq) return before;
    await store.ledger.settle(catalog.head.seq);
    // What removed artifacts say decides whether their bytes can be restored.
    for await (const _ of catalog.provenRemoved().blocks());
    return markFor(store, catalog, indexes);
  }, signal);
}

/**
 * Whether the index outlives the artifact, as that of a restricted directory does: the guard and the read gate need it to
 * recognize copies of the files.
 */
export const keepsIndex = (record: ArtifactRecord) =>
  record.payload_type === 'directory' && isRestricted(record);

/** Indexes of artifacts that were removed. */
export async function* keptIndexes(catalog: Catalog): AsyncGenerator<ObjectId, void> {
  for await (const record of catalog.provenGuarded()) {
    if (record.removed !== undefined && keepsIndex(record)) yield record.content_hash;
  }
}

/**
 * Keys of the payloads that could not be read when they were folded and can be read now; those that still cannot are
 * reported to `unknown`.
 */
export async function* keysOfUnread(
  store: Store,
  catalog: Catalog,
  unknown: (what: string) => void,
): AsyncGenerator<string, void> {
  for await (const seq of catalog.provenUnread()) {
    try {
      const { entry } = await store.ledger.read(seq);
      for (const { key } of rowsOfEntry(entry, await store.payloadOf(entry))) yield key;
    } catch (e) {
      if (!isHsError(e, 'OBJECT_MISSING', 'INTEGRITY', 'INVALID_RECORD')) throw e;
      unknown(`the payload of ledger entry ${seq}: ${e.message}`);
    }
  }
}

/** Objects that the ledger itself names; unreadable ones are reported to `unknown`. */
export async function* rootsOf(
  store: Store,
  catalog: Catalog,
  unknown: (what: string) => void,
): AsyncGenerator<ObjectId, void> {
  yield* catalog.provenRoots();
  for await (const key of keysOfUnread(store, catalog, unknown)) {
    if (key.startsWith(ROOTS)) yield key.slice(ROOTS.length) as ObjectId;
  }
}

/**
 * The mark for a catalog, which is verified as it is read. Roots: what live artifacts name (the manifests of all
 * revisions, payload, index, and what the index lists), every operation list, payload object and policy, and the
 * kept indexes.
 */
export async function markFor(
  store: Store,
  catalog: Catalog,
  indexes: IndexReader,
  into: Marked = new MarkedIds(2 * catalog.counts.live + catalog.mostRoots),
): Promise<Mark> {
  const unknown: string[] = [];
  const line = new RecordLines();
  for await (const lines of catalog.provenLiveLines()) {
    for (let at = 0, end = 0; at < lines.length; at = end + 1) {
      end = lineEnd(lines, at);
      if (line.read(lines, at, end)) {
        into.line(line);
        continue;
      }
      const record = recordOfLine(lines, at, end);
      const isFile = record.payload_type === 'file';
      const objects = isFile
        ? { objects: ownObjects(record), damaged: false }
        : await objectsOf(record, indexes);
      into.artifact(record, objects);
      if (!objects.damaged) continue;
      into.root(record.content_hash);
      unknown.push(`the index of directory '${record.artifact_id}'`);
    }
  }
  for await (const id of rootsOf(store, catalog, (what) => unknown.push(what))) into.root(id);
  for await (const id of keptIndexes(catalog)) into.root(id);
  return { reachable: into.ids, unknown, catalog, head: catalog.head };
}
