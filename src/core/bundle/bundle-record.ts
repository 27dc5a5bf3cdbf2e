import * as z from 'zod/mini';
import { HsError } from '../../errors/hs-error.js';
import { DEBUG_DOCUMENTS } from '../debug/document-formats.js';
import { canonicalBytes, parseCanonical } from '../json/canonical.js';
import { artifactId, check, checkEach, natural, objectId, text } from '../json/schema.js';
import { CLASSIFICATIONS, KINDS, PAYLOAD_TYPES } from '../manifest/vocabulary.js';
import type { ArtifactId } from '../objects/ids.js';
import type { SafePath } from '../paths/safe-path.js';

export const BUNDLE_SCHEMA = 'hs.bundle/1';
/** A bundle with documents besides its members. */
export const DEBUG_BUNDLE_SCHEMA = 'hs.bundle/2';
export const BUNDLE_REPORT_SCHEMA = 'hs.export-report/1';
/** A bundle of 100,000 members stays below this. */
export const MAX_BUNDLE_INDEX_BYTES = 64 * 1024 * 1024;

export const BUNDLE_INDEX_NAME = 'bundle_index.json' as SafePath;
export const BUNDLE_REPORT_NAME = 'export_report.json' as SafePath;

const member = z.strictObject({
  artifact_id: artifactId,
  /** Hash of the canonical manifest in the bundle. */
  manifest: objectId,
  manifest_size_bytes: natural,
  payload_type: z.enum(PAYLOAD_TYPES),
  content_hash: objectId,
  size_bytes: natural,
  /** Number of files in the payload. */
  files: natural,
});

const document = z.strictObject({
  path: z.enum(DEBUG_DOCUMENTS),
  content_hash: objectId,
  size_bytes: natural,
});

const bundleIndex = z.strictObject({
  schema: z.enum([BUNDLE_SCHEMA, DEBUG_BUNDLE_SCHEMA]),
  members: z.array(member),
  /** Only for debug bundles: the files besides the members, in order of path. */
  documents: z.optional(z.array(document).check(z.maxLength(DEBUG_DOCUMENTS.length))),
});

/** `bundle_index.json`: the members in order of id, each bound to its manifest and content (C1). */
export type Bundle = z.output<typeof bundleIndex>;
export type BundleDocument = z.output<typeof document>;
export type BundleMember = Bundle['members'][number];

const included = z.strictObject({
  artifact_id: artifactId,
  name: z.optional(text(1024)),
  kind: z.enum(KINDS),
  content_hash: objectId,
  size_bytes: natural,
  classification: z.enum(CLASSIFICATIONS),
  exportable: z.boolean(),
});
const leftOut = z.strictObject({ artifact_id: artifactId, reason: text(2000) });

const report = z.strictObject({
  schema: z.literal(BUNDLE_REPORT_SCHEMA),
  included: z.array(included),
  left_out: z.array(leftOut),
});

const list = z.array(z.unknown());
/** Lists are checked item by item: checking a million invalid items at once takes gigabytes. */
const anyIndex = z.strictObject({ ...bundleIndex.shape, members: list });
const anyReport = z.strictObject({ ...report.shape, included: list, left_out: list });

/** `export_report.json`: what is included, and what was left out and why (C1). */
export type BundleReport = z.output<typeof report>;

export function encodeBundle(bundle: Bundle): Buffer {
  return canonicalBytes(bundle);
}

export function decodeBundle(bytes: Uint8Array): Bundle {
  const value = parseCanonical(bytes, MAX_BUNDLE_INDEX_BYTES);
  const { members, ...rest } = check(anyIndex, value, 'INVALID_RECORD', BUNDLE_INDEX_NAME);
  if ((rest.schema === DEBUG_BUNDLE_SCHEMA) !== (rest.documents !== undefined)) {
    throw new HsError(
      'INVALID_RECORD',
      `${BUNDLE_INDEX_NAME} is not valid: documents are for a debug bundle`,
    );
  }
  return { ...rest, members: checkEach(member, members, `${BUNDLE_INDEX_NAME} members`) };
}

export function encodeBundleReport(value: BundleReport): Buffer {
  return canonicalBytes(check(report, value, 'INVALID_RECORD', BUNDLE_REPORT_NAME));
}

export function decodeBundleReport(bytes: Uint8Array): BundleReport {
  const value = parseCanonical(bytes, MAX_BUNDLE_INDEX_BYTES);
  const { schema, ...lists } = check(anyReport, value, 'INVALID_RECORD', BUNDLE_REPORT_NAME);
  return {
    schema,
    included: checkEach(included, lists.included, `${BUNDLE_REPORT_NAME} included`),
    left_out: checkEach(leftOut, lists.left_out, `${BUNDLE_REPORT_NAME} left_out`),
  };
}

/** Paths of a member's parts in a bundle. */
export function memberPaths(id: ArtifactId): { readonly manifest: SafePath; readonly payload: SafePath } {
  return {
    manifest: `members/${id}/artifact.json` as SafePath,
    payload: `members/${id}/payload` as SafePath,
  };
}
