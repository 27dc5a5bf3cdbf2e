import type { S3Client } from './client/s3-client.js';
import type { ListedKey } from './client/s3-xml.js';
import { entryKey, LEDGER, TAIL } from './keys.js';
import { listSegments } from './segments.js';

/**
 * What a machine that is new to a store asks first. None of it depends on another answer, nor on `format.json`, so that
 * all of it is one round trip. It proves nothing: entries are checked as always, and a listing may be old.
 */
export interface FirstLook {
  readonly segments: Promise<readonly string[]>;
  readonly tail: Promise<Uint8Array | undefined>;
  /** The first page of the ledger's keys; `isAll`: there were no more. */
  readonly page: Promise<{ readonly keys: readonly ListedKey[]; readonly isAll: boolean }>;
  /** Entry 0, which names the first policy. */
  readonly first: Promise<Uint8Array | undefined>;
}

export function firstLook(client: S3Client): FirstLook {
  const look = {
    segments: listSegments(client),
    tail: client.get(TAIL),
    page: client.firstPage(LEDGER),
    first: client.get(entryKey(0)),
  };
  // Whoever needs an answer meets its error.
  for (const asked of Object.values(look)) asked.catch(() => undefined);
  return look;
}

/** Resolves when nothing of it is on its way any more. */
export async function ended(look: FirstLook): Promise<void> {
  await Promise.allSettled(Object.values(look));
}
