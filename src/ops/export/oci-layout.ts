import { createSha256, sha256 } from '../../core/objects/hash.js';
import {
  type Blob,
  blobPath,
  encodeImage,
  encodeImageIndex,
  INDEX_NAME,
  LAYOUT_BYTES,
  LAYOUT_NAME,
} from '../../core/oci/image-layout.js';
import { comparePaths, type SafePath } from '../../core/paths/safe-path.js';
import { HsError } from '../../errors/hs-error.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import type { PayloadEntry } from '../payload/payload-source.js';
import { type Content, ObjectEntry } from '../payload/read-content.js';
import { archive } from './export-archive.js';

/**
 * The layer of an artifact: a file's bytes, or one tar of a directory's files. It depends on the content alone, so
 * registries keep it once. Its hash is needed before it is written, so a directory's files are read twice.
 */
export async function layerOf({ record, entries = [] }: Content, signal: AbortSignal): Promise<Blob> {
  if (record.payload_type === 'file') return { id: record.content_hash, size: record.size_bytes };
  const hash = createSha256();
  let size = 0;
  for await (const chunk of tarOf(entries)) {
    signal.throwIfAborted();
    hash.update(chunk);
    size += chunk.byteLength;
  }
  return { id: hash.digest(), size };
}

/** The files of an OCI image layout of one artifact, the same bytes on every machine. */
export function ociLayout(
  objects: ObjectStore,
  { record, manifest, entries }: Content,
  layer: Blob,
): PayloadEntry[] {
  if (manifest === undefined || entries === undefined) {
    throw new HsError('INTEGRITY', `the manifest or the index of '${record.artifact_id}' cannot be read`, {
      hint: 'hs fsck lists all damage',
    });
  }
  const config: Blob = { id: record.manifest, size: record.manifest_size_bytes };
  const isFile = record.payload_type === 'file';
  const image = bytesEntry(encodeImage(manifest, config, layer, isFile ? entries[0]!.path : 'payload.tar'));
  const blobs = new Map<string, PayloadEntry>();
  for (const blob of [
    image,
    new ObjectEntry(objects, blobPath(config.id), config.id, config.size),
    isFile
      ? new ObjectEntry(objects, blobPath(layer.id), layer.id, layer.size)
      : {
          path: blobPath(layer.id),
          hash: layer.id,
          size: layer.size,
          executable: false,
          stream: () => tarOf(entries),
        },
  ]) {
    blobs.set(blob.path, blob);
  }
  return [
    ...[...blobs.values()].sort((a, b) => comparePaths(a.path, b.path)),
    bytesEntry(encodeImageIndex({ id: image.hash, size: image.size }), INDEX_NAME),
    bytesEntry(LAYOUT_BYTES, LAYOUT_NAME),
  ];
}

function tarOf(entries: readonly PayloadEntry[]): AsyncGenerator<Uint8Array> {
  return archive(entries, { format: 'tar', isPrivate: false });
}

/** A file of these bytes; without a name, as a blob. */
function bytesEntry(bytes: Uint8Array, name?: string): PayloadEntry {
  const hash = sha256(bytes);
  return {
    path: (name as SafePath | undefined) ?? blobPath(hash),
    hash,
    size: bytes.byteLength,
    executable: false,
    async *stream() {
      yield bytes;
    },
  };
}
