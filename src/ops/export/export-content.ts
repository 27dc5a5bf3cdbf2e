import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest/manifest.js';
import { isExecutable } from '../../core/manifest/own-labels.js';
import { decodeBundleIndex, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { checkFilenameHint, comparePaths, type SafePath, toSafePath } from '../../core/paths/safe-path.js';
import { HsError } from '../../errors/hs-error.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import { type PayloadEntry, SMALL_BYTES } from '../materialize/payload-source.js';

/** What `--with-manifest` is written as. */
export const MANIFEST_NAME = 'artifact.json' as SafePath;

/** Everything of one artifact that an export would write, read from the store. */
export interface Content {
  readonly record: ArtifactRecord;
  /** The manifest; absent when it cannot be read, which the guard blocks on. */
  readonly manifest: Manifest | undefined;
  /** The payload's files in the order of A3; of a file payload the one. Absent: the index is unreadable. */
  readonly entries: readonly PayloadEntry[] | undefined;
}

/** One object as a file to be written; a class, since a tree has many and a pair of closures each is garbage. */
class ObjectEntry implements PayloadEntry {
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

/** Reads what an artifact consists of; damage is left to the guard to refuse. */
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

/** What a file payload is called where it needs a name inside a directory or an archive. */
function fileName(record: ArtifactRecord): SafePath {
  for (const candidate of [record.filename_hint, record.name?.split('/').at(-1)]) {
    const checked = candidate === undefined ? undefined : checkFilenameHint(candidate);
    if (checked?.path !== undefined && checked.path !== MANIFEST_NAME) return checked.path;
  }
  return 'payload' as SafePath;
}

/** The default place below the output root: name, else filename hint, else id (B8). */
export function defaultPath(
  record: Pick<ArtifactRecord, 'name' | 'filename_hint'> & { artifact_id: ArtifactId },
): SafePath {
  return toSafePath(record.name ?? record.filename_hint ?? record.artifact_id);
}

/** The entries with the manifest among them; a payload that has a file of that name is refused. */
export function addManifest(
  objects: ObjectStore,
  entries: readonly PayloadEntry[],
  record: ArtifactRecord,
): PayloadEntry[] {
  if (entries.some((e) => e.path === MANIFEST_NAME || e.path.startsWith(`${MANIFEST_NAME}/`))) {
    throw new HsError('CONFLICT', `the payload has a file '${MANIFEST_NAME}' of its own`, {
      hint: 'export it without --with-manifest; hs cat-artifact --manifest prints the manifest',
    });
  }
  const manifest = new ObjectEntry(objects, MANIFEST_NAME, record.manifest, record.manifest_size_bytes);
  return [...entries, manifest].sort((a, b) => comparePaths(a.path, b.path));
}
