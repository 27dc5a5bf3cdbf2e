import * as z from 'zod/mini';
import { isHsError } from '../../errors/hs-error.js';
import { parseLoose } from '../json/canonical.js';
import { artifactId, natural, objectId, parseSchema } from '../json/schema.js';
import { MAX_MANIFEST_BYTES, ttlDays } from '../manifest/manifest.js';
import { CLASSIFICATIONS, KINDS, LAYERS } from '../manifest/vocabulary.js';
import { escapeText } from '../text/escape-control.js';
import type { Fault } from './fault.js';

/** RFC 3339, with any number of fraction digits and any offset. */
const time = z.string().check(
  z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/, 'not a time of RFC 3339'),
  z.refine((s) => !Number.isNaN(Date.parse(s)), 'not a time that there is'),
);
const free = z.string().check(z.maxLength(4096));
/** `artifact.json` as written by handshake_core omits unset fields or sets them to null. */
const optional = <T extends z.ZodMiniType>(type: T) => z.optional(z.nullable(type));

const fields = {
  artifact_id: artifactId,
  layer: z.enum(LAYERS),
  kind: z.enum(KINDS),
  mime: free,
  filename_hint: optional(free),
  created_at: time,
  created_by_job_id: optional(free),
  source_entity_refs: optional(z.array(z.looseObject({ entity_kind: free, entity_id: free }))),
  source_artifact_refs: optional(z.array(z.looseObject({ artifact_id: artifactId, path: optional(free) }))),
  content_hash: objectId,
  size_bytes: natural,
  classification: z.enum(CLASSIFICATIONS),
  exportable: z.boolean(),
  retention_ttl_days: optional(ttlDays),
  pinned: optional(z.boolean()),
  hash_basis: optional(free),
  hash_exclude_paths: optional(z.array(free)),
};
const manifestSchema = z.looseObject(fields);

/** The manifest of an artifact in a handshake_core workspace. */
export type WorkspaceManifest = z.output<typeof manifestSchema>;

export interface ReadManifest {
  /** Absent when a fault keeps the artifact out. */
  readonly manifest?: WorkspaceManifest;
  readonly faults: readonly Fault[];
}

/** Parses hostile bytes as such a manifest; returns problems instead of throwing. */
export function readWorkspaceManifest(bytes: Uint8Array): ReadManifest {
  let value: unknown;
  try {
    value = parseLoose(bytes, MAX_MANIFEST_BYTES);
  } catch (e) {
    if (!isHsError(e)) throw e;
    return { faults: [{ fault: 'manifest-malformed', message: escapeText(e.message) }] };
  }
  const result = parseSchema(manifestSchema, value);
  if ('problems' in result) {
    const message = escapeText(result.problems.join('; '));
    return { faults: [{ fault: 'manifest-invalid', message }] };
  }
  const unknown = Object.keys(result.data).filter((key) => !Object.hasOwn(fields, key));
  const faults: Fault[] = unknown.length === 0 ? [] : [unknownFields(unknown)];
  return { manifest: result.data, faults };
}

const MOST_NAMED = 5;

function unknownFields(names: readonly string[]): Fault {
  const shown = names.slice(0, MOST_NAMED).map((name) => `'${escapeText(name.slice(0, 64))}'`);
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  return {
    fault: 'unknown-field',
    message: `it has fields that have no place here: ${shown.join(', ')}${more}`,
  };
}
