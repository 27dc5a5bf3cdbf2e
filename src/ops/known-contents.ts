import { decodeBundleIndex, MAX_INDEX_BYTES } from '../core/bundle-index.js';
import type { Catalog } from '../core/catalog.js';
import { isArtifactId, type ObjectId } from '../core/ids.js';
import type { ArtifactRecord } from '../core/record.js';
import { isHsError } from '../errors/hs-error.js';
import type { ObjectStore } from '../store/objects.js';

/** What takes `artifact.read:restricted` to read, and a consent or a reclassification to export. */
export function isRestricted(r: Pick<ArtifactRecord, 'classification' | 'exportable'>): boolean {
  return r.classification === 'high' || !r.exportable;
}

/** What is known of bytes, by their hash: what guard, read gate and import go by. */
export interface KnownContents {
  /**
   * Artifacts that are more than low and exportable, or slices of what may be: those of that content, and
   * restricted directories with a file of it. What was removed is still known: its bytes may be elsewhere.
   */
  readonly of: ReadonlyMap<ObjectId, readonly ArtifactRecord[]>;
  /** Live restricted directories whose index cannot be read: any bytes may be theirs. */
  readonly unreadable: readonly ArtifactRecord[];
}

const known = new WeakMap<Catalog, Promise<KnownContents>>();

/** Reads the indexes of restricted directories and nothing else, once for each state of the store. */
export function knownContents(objects: ObjectStore, catalog: Catalog): Promise<KnownContents> {
  const found = known.get(catalog) ?? collect(objects, catalog);
  known.set(catalog, found);
  return found;
}

async function collect(objects: ObjectStore, catalog: Catalog): Promise<KnownContents> {
  const of = new Map<ObjectId, ArtifactRecord[]>();
  const unreadable: ArtifactRecord[] = [];
  const add = (id: ObjectId, record: ArtifactRecord) => {
    const same = of.get(id);
    if (same === undefined) of.set(id, [record]);
    else if (same.at(-1) !== record) same.push(record);
  };
  for (const records of [catalog.live(), catalog.removed()]) {
    for (const record of records) {
      const restricted = isRestricted(record);
      if (!restricted && record.classification === 'low' && record.kind !== 'dataset_slice') continue;
      // Empty files give nothing away, and are everywhere.
      if (record.size_bytes > 0) add(record.content_hash, record);
      if (!restricted || record.payload_type === 'file') continue;
      const files = await filesOf(objects, record);
      // Of what was purged nothing is known but its hash; to hold everything back for ever would be no answer.
      if (files === undefined && record.removed === undefined) unreadable.push(record);
      for (const { path, content_hash, size_bytes } of files ?? []) {
        if (size_bytes > 0 && !isMember(catalog, record, path)) add(content_hash, record);
      }
    }
  }
  return { of, unreadable };
}

/** A bundle is as sensitive as one of its members; the others go by what is known of themselves. */
function isMember(catalog: Catalog, { kind }: ArtifactRecord, path: string): boolean {
  const id = kind === 'bundle' ? /^members\/([^/]+)\//.exec(path)?.[1] : undefined;
  return id !== undefined && isArtifactId(id) && catalog.get(id) !== undefined;
}

async function filesOf(objects: ObjectStore, { content_hash }: ArtifactRecord) {
  try {
    return decodeBundleIndex(await objects.read(content_hash, MAX_INDEX_BYTES));
  } catch (e) {
    if (isHsError(e, 'OBJECT_MISSING', 'INTEGRITY', 'INVALID_RECORD', 'UNSAFE_PATH')) return undefined;
    throw e;
  }
}
