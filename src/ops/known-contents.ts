import { decodeBundleIndex, MAX_INDEX_BYTES } from '../core/bundle-index.js';
import type { Catalog } from '../core/catalog.js';
import { type ArtifactId, isArtifactId, type ObjectId } from '../core/ids.js';
import { decodeManifest, MAX_MANIFEST_BYTES } from '../core/manifest.js';
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
   * restricted directories, or slices of such, with a file of it. What was removed is still known: its bytes may be elsewhere.
   */
  readonly of: ReadonlyMap<ObjectId, readonly ArtifactRecord[]>;
  /** Live directories of that sort whose index cannot be read: any bytes may be theirs. */
  readonly unreadable: readonly ArtifactRecord[];
}

const known = new WeakMap<Catalog, Promise<KnownContents>>();

/** Reads the indexes of restricted directories and of what they bundle, and manifests of slices, once for each state of the store. */
export function knownContents(objects: ObjectStore, catalog: Catalog): Promise<KnownContents> {
  const found = known.get(catalog) ?? collect(objects, catalog);
  known.set(catalog, found);
  return found;
}

async function collect(objects: ObjectStore, catalog: Catalog): Promise<KnownContents> {
  const of = new Map<ObjectId, ArtifactRecord[]>();
  const unreadable: ArtifactRecord[] = [];
  const slices: ArtifactRecord[] = [];
  const isMember = memberCheck(objects, catalog);
  const add = (id: ObjectId, record: ArtifactRecord) => {
    const same = of.get(id);
    if (same === undefined) of.set(id, [record]);
    else if (same.at(-1) !== record) same.push(record);
  };
  const addFiles = async (record: ArtifactRecord) => {
    const files = await filesOf(objects, record);
    // Of what was purged nothing is known but its hash; to hold everything back for ever would be no answer.
    if (files === undefined && record.removed === undefined) unreadable.push(record);
    for (const { path, content_hash, size_bytes } of files ?? []) {
      // Empty files give nothing away, and are everywhere.
      if (size_bytes === 0 || (await isMember(record, path, content_hash))) continue;
      add(content_hash, record);
    }
  };
  for (const record of catalog.guarded()) {
    if (record.size_bytes > 0) add(record.content_hash, record);
    if (record.payload_type === 'file') continue;
    if (isRestricted(record)) await addFiles(record);
    else if (record.kind === 'dataset_slice') slices.push(record);
  }
  // Whatever else is here: what a slice was taken from may be restricted, and only its manifest says so.
  const memo = new Map<ArtifactId, boolean>();
  for (const slice of slices) if (await isDerived(objects, catalog, slice, memo)) await addFiles(slice);
  return { of, unreadable };
}

/** Whether it is restricted, or a slice of what is, however far: then so are its files. By manifests alone. */
async function isDerived(
  objects: ObjectStore,
  catalog: Catalog,
  record: ArtifactRecord,
  memo: Map<ArtifactId, boolean>,
): Promise<boolean> {
  if (isRestricted(record)) return true;
  if (record.kind !== 'dataset_slice') return false;
  const before = memo.get(record.artifact_id);
  if (before !== undefined) return before;
  memo.set(record.artifact_id, false);
  const manifest = await readable(async () =>
    decodeManifest(await objects.read(record.manifest, MAX_MANIFEST_BYTES)),
  );
  // Sources that cannot be read may be anything, but those of what was purged are no longer to be had.
  let derived = manifest === undefined && record.removed === undefined;
  for (const handle of manifest?.source_artifact_refs ?? []) {
    const source = catalog.get(handle.artifact_id);
    derived ||=
      isRestricted(handle) || (source !== undefined && (await isDerived(objects, catalog, source, memo)));
  }
  memo.set(record.artifact_id, derived);
  return derived;
}

const MEMBER_PATH = /^members\/([^/]+)\/(?:artifact\.json|payload(?:\/(.+))?)$/s;

/**
 * A bundle is as sensitive as one of its members; the others go by what is known of themselves. That is so of
 * bytes that the artifact at that path is known to have: of one that was purged, they are the bundle's alone.
 */
function memberCheck(objects: ObjectStore, catalog: Catalog) {
  const contents = new Map<ArtifactId, Promise<ReadonlySet<ObjectId>>>();
  const read = async (record: ArtifactRecord) => {
    const files = record.payload_type === 'file' ? [record] : await filesOf(objects, record);
    const manifests = record.manifests.map((m) => m.manifest);
    return new Set([...manifests, ...(files ?? []).map((f) => f.content_hash)]);
  };
  return async ({ kind }: ArtifactRecord, path: string, hash: ObjectId): Promise<boolean> => {
    let rest: string | undefined = kind === 'bundle' ? path : undefined;
    while (rest !== undefined) {
      const [, id, below]: RegExpExecArray | readonly undefined[] = MEMBER_PATH.exec(rest) ?? [];
      const record = id !== undefined && isArtifactId(id) ? catalog.get(id) : undefined;
      if (record !== undefined) {
        const known = contents.get(record.artifact_id) ?? read(record);
        contents.set(record.artifact_id, known);
        if ((await known).has(hash)) return true;
      }
      rest = below;
    }
    return false;
  };
}

function filesOf(objects: ObjectStore, { content_hash }: ArtifactRecord) {
  return readable(async () => decodeBundleIndex(await objects.read(content_hash, MAX_INDEX_BYTES)));
}

async function readable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (e) {
    if (isHsError(e, 'OBJECT_MISSING', 'INTEGRITY', 'INVALID_RECORD', 'INVALID_MANIFEST', 'UNSAFE_PATH'))
      return undefined;
    throw e;
  }
}
