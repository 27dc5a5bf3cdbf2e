import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest/manifest.js';
import { MANIFEST_NAME } from '../../core/manifest/manifest-name.js';
import { isExecutable } from '../../core/manifest/own-labels.js';
import { decodeBundleIndex, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { checkFilenameHint, type SafePath } from '../../core/paths/safe-path.js';
import { HsError } from '../../errors/hs-error.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import { type PayloadEntry, SMALL_BYTES } from './payload-source.js';

/** Everything of one artifact that an export would write, as stored. */
export interface Content {
  readonly record: ArtifactRecord;
  /** The manifest; absent if unreadable, which the guard blocks. */
  readonly manifest: Manifest | undefined;
  /** The payload's files in the order of A3; exactly one for a file payload. Absent if the index is unreadable. */
  readonly entries: readonly PayloadEntry[] | undefined;
}

/** One object as a file to be written; a class, because two closures per file of a large tree would be garbage. */
export class ObjectEntry implements PayloadEntry {
  readonly path: SafePath;
  readonly hash: ObjectId;
  readonly size: number;
  readonly executable: boolean;
  readonly #objects: ObjectStore;

  constructor(objects: ObjectStore, path: SafePath, hash: ObjectId, size: number, executable = false) {
    this.#objects = objects;
    this.path = path;
    this.hash = hash;
    this.size = size;
    this.executable = executable;
  }

  stream(): AsyncIterable<Uint8Array> {
    return this.#objects.lendChunksUnverified(this.hash);
  }

  read(): Promise<Uint8Array> {
    return this.#objects.lendUnverified(this.hash, SMALL_BYTES);
  }
}

/** Reads the content of an artifact; the guard refuses damaged ones. */
export async function readContent(objects: ObjectStore, record: ArtifactRecord): Promise<Content> {
  const manifest = await readable(async () =>
    decodeManifest(await objects.read(record.manifest, MAX_MANIFEST_BYTES)),
  );
  const executable = manifest !== undefined && isExecutable(manifest);
  return { record, manifest, entries: await readable(() => entriesOf(objects, record, executable)) };
}

async function entriesOf(
  objects: ObjectStore,
  record: ArtifactRecord,
  executable: boolean,
): Promise<PayloadEntry[]> {
  if (record.payload_type === 'file') {
    return [new ObjectEntry(objects, fileName(record), record.content_hash, record.size_bytes, executable)];
  }
  const index = decodeBundleIndex(await objects.read(record.content_hash, MAX_INDEX_BYTES));
  return index.map(
    (e) => new ObjectEntry(objects, e.path, e.content_hash, e.size_bytes, e.executable === true),
  );
}

async function readable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (e) {
    if (!(e instanceof HsError)) throw e;
    return undefined;
  }
}

/** The name of a file payload inside a directory or an archive. */
function fileName(record: ArtifactRecord): SafePath {
  for (const candidate of [record.filename_hint, record.name?.split('/').at(-1)]) {
    const checked = candidate === undefined ? undefined : checkFilenameHint(candidate);
    if (checked?.path !== undefined && checked.path !== MANIFEST_NAME) return checked.path;
  }
  return 'payload' as SafePath;
}
