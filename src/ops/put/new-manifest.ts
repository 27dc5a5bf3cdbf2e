import { lookup } from 'mrmime';
import * as z from 'zod/mini';
import { inNormalForm } from '../../core/json/canonical.js';
import { compact } from '../../core/json/omit-undefined.js';
import { check } from '../../core/json/schema.js';
import { DIRECTORY_TYPE } from '../../core/manifest/content-type.js';
import { MANIFEST_SCHEMA, type Manifest, manifestSchema, toManifest } from '../../core/manifest/manifest.js';
import { isSensitive } from '../../core/manifest/sensitivity.js';
import {
  CLASSIFICATIONS,
  type Classification,
  DEFAULT_CLASS,
  KINDS,
  type Kind,
} from '../../core/manifest/vocabulary.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { checkName } from '../../core/paths/safe-path.js';
import { normalText } from '../../core/text/normal-form.js';
import { HsError, isHsError } from '../../errors/hs-error.js';
import type { Session } from '../session/session.js';

const UNKNOWN_MIME = 'application/octet-stream';

/** The media type, from the extension of the file name: `png` and `.png` have none. */
export function mimeOf(filename = ''): string {
  return (filename.lastIndexOf('.') > 0 ? lookup(filename) : undefined) ?? UNKNOWN_MIME;
}

/** With `--each`, the entries of one name are versions of themselves, not of each other. */
export function entryName(name: string | undefined, entry: string): string | undefined {
  const joined = name === undefined ? undefined : normalText(`${name}/${entry}`);
  return joined !== undefined && checkName(joined).problem === undefined ? joined : undefined;
}

function oneOf<const T extends readonly string[]>(set: T, value: unknown, fallback: T[number]): T[number] {
  return set.find((v) => v === value) ?? fallback;
}

/**
 * Builds a manifest from options or library arguments: USAGE if they conflict with each other or with the rules, where
 * a manifest document would be INVALID_MANIFEST.
 */
export function describedBy<T>(describe: () => T): T {
  try {
    return describe();
  } catch (e) {
    if (!isHsError(e, 'INVALID_MANIFEST')) throw e;
    throw new HsError('USAGE', e.message, compact({ hint: e.hint, details: e.details, cause: e }));
  }
}

const NO_HASH = '0'.repeat(64);
const OWN_FIELDS = z.pick(manifestSchema, { labels: true, source_entity_refs: true });

/** USAGE for options that cannot describe an artifact, whatever its payload; checked before anything is read or run. */
export function demandDescription(session: Session, options: Readonly<Record<string, unknown>>): void {
  const payload_type = options.kind === 'bundle' ? 'directory' : 'file';
  const payload = { payload_type, content_hash: NO_HASH, size_bytes: 0 };
  describedBy(() => newManifest(session, { ...options, ...payload }));
}

/** USAGE for labels or entities that no manifest may have. */
export function checkOwnFields(fields: object): void {
  if (Object.keys(fields).length === 0) return;
  describedBy(() => check(OWN_FIELDS, fields, 'INVALID_MANIFEST', 'manifest'));
}

/**
 * Completes the fields of a new artifact with the defaults of A4, A6 and A7, and validates it (INVALID_MANIFEST, also
 * for unknown fields). Text is normalized to NFC (A9). Generates an id and creation time unless given.
 */
export function newManifest(session: Session, given: Readonly<Record<string, unknown>>): Manifest {
  const known = inNormalForm(given);
  const kind: Kind = oneOf(KINDS, known.kind, 'file');
  const classification: Classification = oneOf(CLASSIFICATIONS, known.classification, 'low');
  const directory = known.payload_type === 'directory';
  const hint = typeof known.filename_hint === 'string' ? known.filename_hint : undefined;
  const layer = known.layer ?? 'L3';
  if (layer === 'L1' || layer === 'L2') {
    throw new HsError('LAYER', `an artifact cannot be created in ${layer}`, {
      hint: 'create it in L3, then use hs promote',
    });
  }
  return toManifest(
    compact({
      schema: MANIFEST_SCHEMA,
      artifact_id: session.random.uuid() as ArtifactId,
      revision: 1,
      kind,
      payload_type: 'file',
      mime: directory ? DIRECTORY_TYPE : mimeOf(hint),
      created_at: session.now(),
      hash_basis: directory ? 'bundle_index' : 'payload_bytes',
      exportable: !isSensitive({ kind, classification }),
      retention_class: DEFAULT_CLASS[kind],
      determinism_level: 'bitwise',
      created_by_job_id: session.jobId,
      ...known,
      layer,
      classification: known.classification ?? classification,
    }),
  );
}
