import type { Timestamp } from '../../core/objects/ids.js';

/** The 17 digits of a timestamp, which the name of a batch of the trash begins with. */
export function timeOfBatch(text: Timestamp | string): string {
  return text.replaceAll(/\D/g, '').slice(0, 17);
}

/** Whether a batch of the trash may hold what was taken out of use at that time or later. */
export function isMadeSince(batch: string, at: Timestamp): boolean {
  return timeOfBatch(batch) >= timeOfBatch(at);
}
