import { canonicalText } from '../../../core/json/canonical.js';
import { hmacSha256 } from '../../../core/objects/hash.js';
import type { RunFact } from './sorted-run-format.js';

/** Incremented whenever the fold writes other rows, or blocks are stored otherwise; an index of another is left alone. */
export const INDEX_FORMAT = 12;
export const MAX_ROOT_BYTES = 64 * 1024;

function seal(key: string, storeId: string, text: string): string {
  return hmacSha256(key, `hs-index/${INDEX_FORMAT} ${storeId}\n${text}`);
}

/** The file that names the runs of an index, newest first: this user's seal, then a line of JSON. */
export function encodeRoot(key: string, storeId: string, runs: readonly RunFact[]): Buffer {
  const text = canonicalText(runs);
  return Buffer.from(`${seal(key, storeId, text)}\n${text}\n`, 'utf8');
}

/** Undefined unless this user wrote it for this store. */
export function decodeRoot(key: string, storeId: string, bytes: Uint8Array): readonly RunFact[] | undefined {
  const [sealed, text, ...rest] = Buffer.from(bytes).toString('utf8').split('\n');
  if (text === undefined || rest.length !== 1 || rest[0] !== '') return undefined;
  if (sealed !== seal(key, storeId, text)) return undefined;
  return JSON.parse(text) as RunFact[];
}
