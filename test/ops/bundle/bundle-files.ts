import {
  BUNDLE_INDEX_NAME,
  BUNDLE_REPORT_NAME,
  BUNDLE_REPORT_SCHEMA,
  BUNDLE_SCHEMA,
  encodeBundle,
  encodeBundleReport,
  memberPaths,
} from '../../../src/core/bundle/bundle-record.js';
import { compact } from '../../../src/core/json/omit-undefined.js';
import {
  encodeManifest,
  MANIFEST_SCHEMA,
  type Manifest,
  toManifest,
} from '../../../src/core/manifest/manifest.js';
import { encodeBundleIndex, toBundleIndex } from '../../../src/core/objects/bundle-index.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import { type ArtifactId, toTimestamp } from '../../../src/core/objects/ids.js';
import { toSafePath } from '../../../src/core/paths/safe-path.js';
import { type RawEntry, tarball } from '../../helpers/tar-writer.js';

export type Files = Map<string, string | Buffer>;

export const FILE_ID = '11111111-1111-4111-8111-111111111111' as ArtifactId;
export const TREE_ID = '22222222-2222-4222-8222-222222222222' as ArtifactId;

export function manifestOf(
  id: ArtifactId,
  payload: string | Record<string, string>,
  more: Partial<Manifest> = {},
): Manifest {
  const tree = typeof payload === 'string' ? undefined : payload;
  const index =
    tree &&
    toBundleIndex(
      Object.entries(tree).map(([path, text]) => ({
        path: toSafePath(path),
        content_hash: sha256(Buffer.from(text)),
        size_bytes: Buffer.byteLength(text),
      })),
    );
  return toManifest({
    schema: MANIFEST_SCHEMA,
    artifact_id: id,
    revision: 1,
    layer: 'L3',
    kind: 'file',
    payload_type: tree ? 'directory' : 'file',
    mime: 'application/octet-stream',
    created_at: toTimestamp(1_700_000_000_000),
    content_hash: sha256(index ? encodeBundleIndex(index) : Buffer.from(payload as string)),
    hash_basis: tree ? 'bundle_index' : 'payload_bytes',
    size_bytes: index ? index.reduce((n, e) => n + e.size_bytes, 0) : Buffer.byteLength(payload as string),
    classification: 'low',
    exportable: true,
    retention_class: 'result',
    determinism_level: 'bitwise',
    ...more,
  });
}

export interface Member {
  readonly manifest: Manifest;
  readonly payload: string | Record<string, string>;
}

/** The files of a bundle that is whole. */
export function bundleFiles(members: readonly Member[] = defaultMembers()): Files {
  const files: Files = new Map();
  const sorted = [...members].sort((a, b) => (a.manifest.artifact_id < b.manifest.artifact_id ? -1 : 1));
  files.set(
    BUNDLE_INDEX_NAME,
    encodeBundle({
      schema: BUNDLE_SCHEMA,
      members: sorted.map(({ manifest: m, payload }) => ({
        artifact_id: m.artifact_id,
        manifest: sha256(encodeManifest(m)),
        manifest_size_bytes: encodeManifest(m).length,
        payload_type: m.payload_type,
        content_hash: m.content_hash,
        size_bytes: m.size_bytes,
        files: typeof payload === 'string' ? 1 : Object.keys(payload).length,
      })),
    }),
  );
  files.set(
    BUNDLE_REPORT_NAME,
    encodeBundleReport({
      schema: BUNDLE_REPORT_SCHEMA,
      included: sorted.map(({ manifest: m }) =>
        compact({
          artifact_id: m.artifact_id,
          name: m.name,
          kind: m.kind,
          content_hash: m.content_hash,
          size_bytes: m.size_bytes,
          classification: m.classification,
          exportable: m.exportable,
        }),
      ),
      left_out: [],
    }),
  );
  for (const { manifest, payload } of sorted) {
    const paths = memberPaths(manifest.artifact_id);
    files.set(paths.manifest, encodeManifest(manifest));
    if (typeof payload === 'string') files.set(paths.payload, payload);
    else for (const [path, text] of Object.entries(payload)) files.set(`${paths.payload}/${path}`, text);
  }
  return files;
}

export const TREE = { 'a.txt': 'aaa', 'sub/b.txt': 'bbb' };

export function defaultMembers(): Member[] {
  return [
    { manifest: manifestOf(FILE_ID, 'hello', { name: 'greeting' }), payload: 'hello' },
    { manifest: manifestOf(TREE_ID, TREE, { layer: 'L2' }), payload: TREE },
  ];
}

export function toTar(files: Files, more: ReadonlyArray<RawEntry | Buffer> = []): Buffer {
  return tarball(...[...files].map(([name, body]) => ({ name, body })), ...more);
}
