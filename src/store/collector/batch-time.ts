import type { Timestamp } from '../../core/objects/ids.js';

/** The 17 digits of a timestamp that start the name of a trash batch. */
export function timeOfBatch(text: Timestamp | string): string {
  return text.replaceAll(/\D/g, '').slice(0, 17);
}

/** Whether a trash batch may hold objects that were trashed at that time or later. */
export function isMadeSince(batch: string, at: Timestamp): boolean {
  return timeOfBatch(batch) >= timeOfBatch(at);
}
