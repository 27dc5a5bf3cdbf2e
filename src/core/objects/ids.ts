import { HsError } from '../../errors/hs-error.js';

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** SHA-256 of an object's bytes: 64 lowercase hex digits (A2). */
export type ObjectId = Branded<string, 'ObjectId'>;
/** A random UUID, lowercase (A4). */
export type ArtifactId = Branded<string, 'ArtifactId'>;
/** `2026-01-31T12:00:00.000Z` (A9). Sorts as text in time order. */
export type Timestamp = Branded<string, 'Timestamp'>;

export const OBJECT_ID_PATTERN = /^[0-9a-f]{64}$/;
export const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIMESTAMP_PATTERN = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const DATE_LENGTH = 10;

/** The last valid date: most timestamps of a ledger have that of the one before, and validating one creates a Date. */
let knownDate: string | undefined;

export function isObjectId(s: string): s is ObjectId {
  return OBJECT_ID_PATTERN.test(s);
}

export function isArtifactId(s: string): s is ArtifactId {
  return UUID_PATTERN.test(s);
}

export function isTimestamp(s: string): s is Timestamp {
  if (!TIMESTAMP_PATTERN.test(s)) return false;
  const date = s.slice(0, DATE_LENGTH);
  if (date === knownDate) return true;
  const ms = Date.parse(s);
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== s) return false;
  knownDate = date;
  return true;
}

export function toObjectId(s: string): ObjectId {
  if (!isObjectId(s)) throw new HsError('USAGE', `'${s}' is not an object id: 64 lowercase hex digits`);
  return s;
}

/** 9999-12-31T23:59:59.999Z, the last time that a timestamp can express. */
export const LAST_TIME_MS = 253_402_300_799_999;

/** Formats `ms` since the epoch, years 0 to 9999. */
export function toTimestamp(ms: number): Timestamp {
  return new Date(ms).toISOString() as Timestamp;
}

export function timestampMs(t: Timestamp): number {
  return Date.parse(t);
}
