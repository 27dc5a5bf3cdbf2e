import {
  BUNDLE_INDEX_NAME,
  BUNDLE_REPORT_NAME,
  BUNDLE_REPORT_SCHEMA,
  BUNDLE_SCHEMA,
  type Bundle,
  type BundleDocument,
  type BundleMember,
  type BundleReport,
  DEBUG_BUNDLE_SCHEMA,
  encodeBundle,
  encodeBundleReport,
  memberPaths,
} from '../../core/bundle/bundle-record.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { IndexEntry } from '../../core/objects/bundle-index.js';
import { comparePaths, type SafePath, toSafePath } from '../../core/paths/safe-path.js';
import type { Transaction } from '../session/transaction.js';
import type { Member } from './bundle-member.js';

/** The files of a bundle besides its members: its index and its report. */
export async function addRecords(
  tx: Transaction,
  members: readonly Member[],
  leftOut: BundleReport['left_out'],
): Promise<IndexEntry[]> {
  return [await addIndex(tx, members), await addReport(tx, members, leftOut)];
}

/** `export_report.json`: the members, and the artifacts left out with reasons. */
export function addReport(
  tx: Transaction,
  members: readonly Member[],
  leftOut: BundleReport['left_out'],
): Promise<IndexEntry> {
  const included = members.map(({ manifest: m }) =>
    compact({
      artifact_id: m.artifact_id,
      name: m.name,
      kind: m.kind,
      content_hash: m.content_hash,
      size_bytes: m.size_bytes,
      classification: m.classification,
      exportable: m.exportable,
    }),
  );
  const report = encodeBundleReport({ schema: BUNDLE_REPORT_SCHEMA, included, left_out: leftOut });
  return addFile(tx, BUNDLE_REPORT_NAME, report);
}

/** `bundle_index.json`; for a debug bundle it lists the documents too. */
export function addIndex(
  tx: Transaction,
  members: readonly Member[],
  documents?: readonly BundleDocument[],
): Promise<IndexEntry> {
  const listed = members.map(memberOf);
  const bundle: Bundle =
    documents === undefined
      ? { schema: BUNDLE_SCHEMA, members: listed }
      : { schema: DEBUG_BUNDLE_SCHEMA, members: listed, documents: [...documents] };
  return addFile(tx, BUNDLE_INDEX_NAME, encodeBundle(bundle));
}

/** Stages one of the bundle's own files. */
export async function addFile<P extends string>(
  tx: Transaction,
  path: P,
  bytes: Uint8Array,
): Promise<IndexEntry & { readonly path: P }> {
  const { id, size } = await tx.batch.addBytes(bytes);
  return { path: path as P & SafePath, content_hash: id, size_bytes: size };
}

/** All files of a bundle in the order of A3: the members sorted by id, between the bundle's own files. */
export function* entriesOf(
  records: readonly IndexEntry[],
  members: readonly Member[],
): Generator<IndexEntry> {
  const own = [...records].sort((a, b) => comparePaths(a.path, b.path));
  const after = own.findIndex((e) => comparePaths(e.path, MEMBERS) > 0);
  yield* after < 0 ? own : own.slice(0, after);
  for (const { record, files } of members) {
    const paths = memberPaths(record.artifact_id);
    yield {
      path: paths.manifest,
      content_hash: record.manifest,
      size_bytes: record.manifest_size_bytes,
    };
    for (const file of files()) {
      const path =
        record.payload_type === 'file' ? paths.payload : toSafePath(`${paths.payload}/${file.path}`);
      yield { ...file, path };
    }
  }
  if (after >= 0) yield* own.slice(after);
}

/** Position of the members among the bundle's own files. */
const MEMBERS = 'members/' as SafePath;

function memberOf({ record, manifest, count }: Member): BundleMember {
  return {
    artifact_id: record.artifact_id,
    manifest: record.manifest,
    manifest_size_bytes: record.manifest_size_bytes,
    payload_type: manifest.payload_type,
    content_hash: manifest.content_hash,
    size_bytes: manifest.size_bytes,
    files: count,
  };
}
