import { isObjectId, type ObjectId } from '../../core/objects/ids.js';

/** Keys of a store on a service, relative to its prefix (hsstore-format(5)). */
export const FORMAT_KEY = 'format.json';
export const LEDGER = 'ledger/';
export const SEGMENTS = 'ledger-seg/';
export const OBJECTS = 'o/';
export const PACKS = 'p/';
export const TRASH = 'trash/';
/** Entries in a segment. */
export const SEGMENT_ENTRIES = 1024;
/** The entries behind the last segment, as of the last time that their number was a multiple of this. */
export const TAIL = `${SEGMENTS}tail`;
export const TAIL_STEP = 32;

const DIGITS = 10;
const number = (n: number) => String(n).padStart(DIGITS, '0');

export const entryKey = (seq: number) => `${LEDGER}${number(seq)}.json`;
export const segmentKey = (n: number) => `${SEGMENTS}${number(n)}`;
/** The name comes first: one listing finds every copy of an object, whatever its epoch. */
export const objectKey = (id: ObjectId, epoch: number) => `${OBJECTS}${id}/${number(epoch)}`;
export const packKey = (name: ObjectId, epoch: number) => `${PACKS}${name}/${number(epoch)}`;
export const trashKey = (batch: string) => `${TRASH}${batch}.json`;

export function parseEntryKey(key: string): number | undefined {
  const digits = /^ledger\/(\d{10})\.json$/.exec(key)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export interface ContentKey {
  readonly kind: 'object' | 'pack';
  readonly name: ObjectId;
  readonly epoch: number;
}

/** The parts of an object's or pack's key; undefined for a stray name. */
export function parseContentKey(key: string): ContentKey | undefined {
  const [, kind, name, epoch] = /^([op])\/([0-9a-f]{64})\/(\d{10})$/.exec(key) ?? [];
  if (name === undefined || !isObjectId(name)) return undefined;
  return { kind: kind === 'o' ? 'object' : 'pack', name, epoch: Number(epoch) };
}
