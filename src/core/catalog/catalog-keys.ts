import { DAY_MS } from '../duration.js';
import type { ArtifactFacts } from '../ledger/operation.js';
import { labelOf } from '../manifest/label-of.js';
import { sha256 } from '../objects/hash.js';
import { type ArtifactId, timestampMs } from '../objects/ids.js';
import { type ArtifactRecord, isGuarded, type Pin, type Registration } from './artifact-record.js';
import { seriesWord } from './series.js';

/** The row with the ledger position of the state. */
export const META_KEY = 'm';
/** Prefixes of keys. The search term follows, then the place of the artifact. */
export const LIVE = 'a/';
export const REMOVED = 'x/';
export const GUARDED = 'g/';
/** With what is listed of the pins, a {@link PinnedRow}. */
export const PINNED = 'p/';
/** Ordered by the end of the TTL. */
export const ENDING = 'e/';
export const TOTALS = 't/';
/** Objects that the ledger itself names: operation lists, payloads, policies, lists of paths. */
export const ROOTS = 'r/';
/** Entries whose payload may name more such objects and could not be read when it was folded. */
export const UNREAD = 'u/';
/** The entry that applied a plan, by the plan's hash. */
export const APPLIED = 'h/';
/** Trash batches that were purged. */
export const PURGED = 'b/';
export const LABELS = 'l/';
export const JOBS = 'j/';

/** The earliest timestamp, so that no time is negative. */
const YEAR_0_MS = 62_167_219_200_000;
const TIME_DIGITS = 13;
const MOST_DIGITS = 14;

/** With this many digits, the complement is a safe integer. */
const EXACT_DIGITS = 13;

/** Encodes a number so that larger ones sort first: the complement of its length in hex digits, then of each digit. */
function descending(n: number): string {
  const digits = n.toString(16);
  const { length } = digits;
  const count = (MOST_DIGITS - length).toString(16);
  if (length <= EXACT_DIGITS) return count + (16 ** length - 1 - n).toString(16).padStart(length, '0');
  return count + Array.from(digits, (d) => (15 - Number.parseInt(d, 16)).toString(16)).join('');
}

/** The place of registration as a key, newest first. */
export function placeKey({ seq, index }: Pick<Registration, 'seq' | 'index'>): string {
  return descending(seq) + descending(index);
}

/** The place at the end of a key. */
export function placeOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

/** Most names: short, and with allowed characters only. They stay readable and need no hash. */
const PLAIN_WORD = /^[!-~]{1,64}$/;

/** A word in a key: the word and a space, or a space and its hash, so that none is a prefix of another. */
export function word(text: string): string {
  return PLAIN_WORD.test(text) ? `${text} ` : ` ${sha256(Buffer.from(text, 'utf8')).slice(0, 32)}`;
}

/** The place of the artifact is the value. */
export const idKey = (id: string) => `i/${id}`;
export const NAMES = 'n/';
export const nameKey = (name: string) => `${NAMES}${word(name)}/`;
/** Removed artifacts. */
export const removedNameKey = (name: string) => `y/${word(name)}/`;
export function seriesRowKey(r: Pick<ArtifactRecord, 'retention_class' | 'name' | 'filename_hint' | 'kind'>) {
  const [by, text] = seriesWord(r);
  return `s/${r.retention_class}/${by}/${word(text)}/`;
}
export const jobKey = (job: string) => `${JOBS}${word(job)}/`;
/** A label by its key, or its key and value. */
export const labelKey = (key: string, value?: string) =>
  `${LABELS}${key}/${value === undefined ? '' : `${word(value)}/`}`;
/** Artifacts made from this one, live or removed. */
export const derivedKey = (source: ArtifactId) => `d/${source}/`;
export const endingKey = (ms: number) =>
  `${ENDING}${Math.max(0, ms + YEAR_0_MS)
    .toString(16)
    .padStart(TIME_DIGITS, '0')}/`;

/** All keys of a record at that place except its id; its own row comes first. */
export function recordKeys(
  r: ArtifactFacts & Partial<Pick<ArtifactRecord, 'pins' | 'removed'>>,
  place: string,
): string[] {
  const isLive = r.removed === undefined;
  const keys = [(isLive ? LIVE : REMOVED) + place];
  if (r.name !== undefined) keys.push((isLive ? nameKey(r.name) : removedNameKey(r.name)) + place);
  if (isGuarded(r)) keys.push(GUARDED + place);
  for (const source of new Set(r.sources)) keys.push(derivedKey(source) + place);
  if (!isLive) return keys;
  keys.push(seriesRowKey(r) + place);
  if (r.job_id !== undefined) keys.push(jobKey(r.job_id) + place);
  for (const [key, value] of Object.entries(r.labels ?? {})) keys.push(labelKey(key, value) + place);
  if (r.pins !== undefined && r.pins.length > 0) keys.push(PINNED + place);
  if (r.retention_ttl_days !== undefined) {
    keys.push(endingKey(timestampMs(r.created_at) + r.retention_ttl_days * DAY_MS) + place);
  }
  return keys;
}

/** The pins of an artifact, and what it is called. */
export type PinnedRow = readonly [id: ArtifactId, label: string, pins: readonly Pin[]];

/** The JSON of the value at a key that leads to this record. */
export function keyText(key: string, r: ArtifactFacts & Partial<Pick<ArtifactRecord, 'pins'>>): string {
  if (!key.startsWith(PINNED)) return '1';
  const row: PinnedRow = [r.artifact_id, labelOf(r), r.pins ?? []];
  return JSON.stringify(row);
}
