import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest/manifest.js';
import { type BundleIndex, decodeBundleIndex, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { isHsError } from '../../errors/hs-error.js';
import type { ObjectStore } from '../../store/objects/object-store.js';

/** One file that leaves with an artifact. */
export interface HeldFile {
  readonly path: string;
  readonly hash: ObjectId;
  /** Bytes. */
  readonly size: number;
}

/** The functions needed to read bytes by hash. */
export type Bytes = Pick<ObjectStore, 'read'>;

/** Reads manifests and indexes, each once; `undefined` if unreadable. */
export class GuardReader {
  readonly bytes: Bytes;
  readonly #manifests = new Map<ObjectId, Promise<Manifest | undefined>>();
  readonly #indexes = new Map<ObjectId, Promise<BundleIndex | undefined>>();

  constructor(bytes: Bytes) {
    this.bytes = bytes;
  }

  manifest(id: ObjectId): Promise<Manifest | undefined> {
    return once(this.#manifests, id, async () =>
      decodeManifest(await this.bytes.read(id, MAX_MANIFEST_BYTES)),
    );
  }

  /** The files of a payload; a file payload has one, without a path. */
  async files(record: ArtifactRecord): Promise<readonly HeldFile[] | undefined> {
    const { payload_type, content_hash, size_bytes } = record;
    if (payload_type === 'file') return [{ path: '', hash: content_hash, size: size_bytes }];
    const index = await once(this.#indexes, content_hash, async () =>
      decodeBundleIndex(await this.bytes.read(content_hash, MAX_INDEX_BYTES)),
    );
    return index?.map((e) => ({ path: e.path, hash: e.content_hash, size: e.size_bytes }));
  }
}

function once<T>(
  known: Map<ObjectId, Promise<T | undefined>>,
  id: ObjectId,
  read: () => Promise<T>,
): Promise<T | undefined> {
  const found = known.get(id) ?? readable(read);
  known.set(id, found);
  return found;
}

/** Damage is a valid answer here: unreadable means unknown, and the guard decides about that too. */
export async function readable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (e) {
    if (!isHsError(e) || e.code === 'INTERRUPTED') throw e;
    return undefined;
  }
}
