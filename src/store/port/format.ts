import * as z from 'zod/mini';
import { canonicalBytes, parseCanonical } from '../../core/json/canonical.js';
import { uuid } from '../../core/json/schema.js';
import { HsError } from '../../errors/hs-error.js';

export const FORMAT_VERSION = 1;
/**
 * What the records of every new store may contain. `records-2`: export records, summaries and reports may have the
 * fields added since. `policy-2`: likewise for the policy. `transfers`: records may name the export formats `oci` and
 * `store`, and the store that artifacts came from. `facts-2`: operations repeat job, labels and entities of the
 * manifest. `reports-2`: reports list what was removed, and of what was kept only what was to be removed.
 */
export const RECORD_FEATURES = ['records-2', 'policy-2', 'transfers', 'facts-2', 'reports-2'] as const;
/**
 * How a store is kept. `packs`: small objects may be stored in packs. `packs-2`: these may be compressed, and hold what
 * the ledger names. `shared`: the store's group can write to it.
 * `remote`: objects are condemned in the ledger before they are removed, and entries name the packs they rely on.
 */
const STORAGE_FEATURES = ['packs', 'packs-2', 'shared', 'remote'] as const;
export type Feature = (typeof RECORD_FEATURES)[number] | (typeof STORAGE_FEATURES)[number];
/** Format features this program supports; a store with any other is never touched (A1). */
const KNOWN_FEATURES: ReadonlySet<string> = new Set<Feature>([...RECORD_FEATURES, ...STORAGE_FEATURES]);
export const MAX_FORMAT_BYTES = 16 * 1024;

const schema = z.strictObject({
  format: z.literal('hsstore'),
  version: z.literal(FORMAT_VERSION),
  store_id: uuid,
  /** `ofd`: open file description locks; `flock(1)` locks are separate and do not see them. */
  lock: z.literal('ofd'),
  features: z.array(z.string()),
  /** D10: removals may be committed under a clock set later than the system's. */
  allow_set_clock: z.boolean(),
});
export type Format = z.output<typeof schema>;

export function hasFeature(format: Format, feature: Feature): boolean {
  return format.features.includes(feature);
}

export function encodeFormat(format: Format): Buffer {
  return canonicalBytes(format);
}

/** UNKNOWN_FORMAT: nothing in the store was touched. `place` names the store for display. */
export function unknownFormat(place: string, why: string): HsError {
  return new HsError('UNKNOWN_FORMAT', `the store at '${place}' has an unknown format: ${why}`, {
    hint: 'nothing was changed; a newer hs may support it',
  });
}

/** Decodes `format.json`; anything unknown is refused before anything else is read (A1). */
export function decodeFormat(place: string, bytes: Uint8Array): Format {
  let value: unknown;
  try {
    value = parseCanonical(bytes, MAX_FORMAT_BYTES);
  } catch (e) {
    throw unknownFormat(place, `format.json: ${(e as Error).message}`);
  }
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version !== FORMAT_VERSION) {
    throw unknownFormat(place, `version ${version}, this hs knows ${FORMAT_VERSION}`);
  }
  const result = z.safeParse(schema, value);
  if (!result.success) throw unknownFormat(place, 'format.json does not fit version 1');
  const feature = result.data.features.find((f) => !KNOWN_FEATURES.has(f));
  if (feature !== undefined) throw unknownFormat(place, `it needs the feature '${feature}'`);
  return result.data;
}
