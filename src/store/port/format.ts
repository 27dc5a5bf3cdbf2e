import * as z from 'zod/mini';
import { canonicalBytes, parseCanonical } from '../../core/json/canonical.js';
import { uuid } from '../../core/json/schema.js';
import { HsError } from '../../errors/hs-error.js';

export const FORMAT_VERSION = 1;
/**
 * `packs`: small objects may lie in packs. `shared`: the group of the store writes to it too. `records-2`: export
 * records, summaries and reports may have the fields that were added to them since. `policy-2`: so may the policy.
 */
export type Feature = 'packs' | 'shared' | 'records-2' | 'policy-2';
/** Features of the format that this program knows; a store with another is never touched (A1). */
const KNOWN_FEATURES: ReadonlySet<string> = new Set<Feature>(['packs', 'shared', 'records-2', 'policy-2']);
export const MAX_FORMAT_BYTES = 16 * 1024;

const schema = z.strictObject({
  format: z.literal('hsstore'),
  version: z.literal(FORMAT_VERSION),
  store_id: uuid,
  /** `ofd`: open file description locks; `flock(1)` is another kind and does not see them. */
  lock: z.literal('ofd'),
  features: z.array(z.string()),
  /** D10: removals may be committed under a clock that was set later than the system's. */
  allow_set_clock: z.boolean(),
});
export type Format = z.output<typeof schema>;

export function hasFeature(format: Format, feature: Feature): boolean {
  return format.features.includes(feature);
}

export function encodeFormat(format: Format): Buffer {
  return canonicalBytes(format);
}

/** UNKNOWN_FORMAT: nothing of the store was touched. `place` is what the store is called, for people. */
export function unknownFormat(place: string, why: string): HsError {
  return new HsError('UNKNOWN_FORMAT', `the store at '${place}' has an unknown format: ${why}`, {
    hint: 'nothing was changed; a newer hs may support it',
  });
}

/** What a `format.json` says; whatever is not known is refused before anything else is looked at (A1). */
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
