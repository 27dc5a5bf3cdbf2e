import type { Timestamp } from '../objects/ids.js';
import type { ArtifactRecord, Pin } from './artifact-record.js';

/** Pins that hold at that time (D1: a pin may end). */
export function activePins(record: Pick<ArtifactRecord, 'pins'>, now: Timestamp): readonly Pin[] {
  return record.pins.filter((p) => p.until === undefined || p.until > now);
}
