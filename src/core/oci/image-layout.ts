import * as z from 'zod/mini';
import { HsError } from '../../errors/hs-error.js';
import { canonicalBytes, parseLoose } from '../json/canonical.js';
import { compact } from '../json/omit-undefined.js';
import { check, natural } from '../json/schema.js';
import type { Manifest } from '../manifest/manifest.js';
import type { ObjectId } from '../objects/ids.js';
import { type SafePath, toSafePath } from '../paths/safe-path.js';
import { escapeText } from '../text/escape-control.js';
import { normalText } from '../text/normal-form.js';

/** An OCI image layout (image-spec 1.1) of one artifact: its manifest is the config, its payload the only layer. */

export const LAYOUT_NAME = 'oci-layout';
export const INDEX_NAME = 'index.json';
export const LAYOUT_BYTES: Uint8Array = canonicalBytes({ imageLayoutVersion: '1.0.0' });

const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const IMAGE_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const ARTIFACT_TYPE = 'application/vnd.hsstore.artifact.v1';
const MANIFEST_TYPE = 'application/vnd.hsstore.manifest.v1+json';
/** The layer of a file: its bytes. */
const FILE_TYPE = 'application/octet-stream';
/** The layer of a directory: a tar of its files. */
const TAR_TYPE = 'application/vnd.oci.image.layer.v1.tar';

/** A registry refuses larger image manifests. */
export const MAX_IMAGE_BYTES = 4 * 1024 * 1024;
/** Images in one layout. */
const MAX_IMAGES = 10_000;

/** A blob, by its SHA-256, which is the id of an object with the same bytes. */
export interface Blob {
  readonly id: ObjectId;
  readonly size: number;
}

/** Where a blob is in the layout. */
export function blobPath(id: ObjectId): SafePath {
  return toSafePath(`blobs/sha256/${id}`);
}

function descriptor(mediaType: string, { id, size }: Blob) {
  return { mediaType, digest: `sha256:${id}`, size };
}

/** The image manifest of an artifact. `title` is the file name that other clients give the layer. */
export function encodeImage(manifest: Manifest, config: Blob, layer: Blob, title: string): Uint8Array {
  const type = manifest.payload_type === 'file' ? FILE_TYPE : TAR_TYPE;
  return canonicalBytes({
    schemaVersion: 2,
    mediaType: IMAGE_TYPE,
    artifactType: ARTIFACT_TYPE,
    config: descriptor(MANIFEST_TYPE, config),
    layers: [
      { ...descriptor(type, layer), annotations: { 'org.opencontainers.image.title': normalText(title) } },
    ],
    annotations: compact({
      'org.opencontainers.image.created': manifest.created_at,
      'org.opencontainers.image.title': manifest.name,
      'org.hsstore.artifact_id': manifest.artifact_id,
      'org.hsstore.content_hash': manifest.content_hash,
    }),
  });
}

/** The index of a layout with one image. */
export function encodeImageIndex(image: Blob): Uint8Array {
  const manifest = { ...descriptor(IMAGE_TYPE, image), artifactType: ARTIFACT_TYPE };
  return canonicalBytes({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [manifest] });
}

const digest = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/, 'not a SHA-256 digest'));
const blob = z.looseObject({ mediaType: z.string(), digest, size: natural });
const layoutFile = z.looseObject({ imageLayoutVersion: z.literal('1.0.0') });
const indexFile = z.looseObject({
  schemaVersion: z.literal(2),
  manifests: z.array(blob).check(z.minLength(1), z.maxLength(MAX_IMAGES)),
});
const imageFile = z.looseObject({
  schemaVersion: z.literal(2),
  config: blob,
  layers: z.array(blob).check(z.minLength(1), z.maxLength(1)),
});

const toBlob = (of: z.output<typeof blob>): Blob => ({
  id: of.digest.slice('sha256:'.length) as ObjectId,
  size: of.size,
});

function decode<S extends z.ZodMiniType>(schema: S, bytes: Uint8Array, what: string): z.output<S> {
  return check(schema, parseLoose(bytes, MAX_IMAGE_BYTES), 'INVALID_RECORD', what);
}

/** INVALID_RECORD for another version of the layout. */
export function checkLayoutFile(bytes: Uint8Array): void {
  decode(layoutFile, bytes, LAYOUT_NAME);
}

/** The images of a layout; other tools write this file again, so that only its meaning is checked. */
export function decodeImageIndex(bytes: Uint8Array): readonly Blob[] {
  const { manifests } = decode(indexFile, bytes, INDEX_NAME);
  for (const { mediaType } of manifests) {
    if (mediaType !== IMAGE_TYPE)
      throw notOurs(`'${INDEX_NAME}' lists a '${escapeText(mediaType.slice(0, 100))}'`);
  }
  return manifests.map(toBlob);
}

/** Manifest and payload of an artifact in an image. INVALID_RECORD for an image of anything else. */
export function decodeImage(bytes: Uint8Array): { readonly config: Blob; readonly layer: Blob } {
  const { config, layers } = decode(imageFile, bytes, 'image manifest');
  if (config.mediaType !== MANIFEST_TYPE)
    throw notOurs(`its config is a '${escapeText(config.mediaType.slice(0, 100))}'`);
  return { config: toBlob(config), layer: toBlob(layers[0]!) };
}

function notOurs(why: string): HsError {
  return new HsError('INVALID_RECORD', `not an artifact of hs: ${why}`, {
    hint: 'hs import takes layouts that hs export --format oci wrote; to store another one, use hs put',
  });
}
