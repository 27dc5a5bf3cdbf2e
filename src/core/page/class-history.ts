import type { ArtifactRecord } from '../catalog/artifact-record.js';
import { RETENTION_CLASSES, type RetentionClass } from '../manifest/vocabulary.js';
import { type Timestamp, timestampMs, toTimestamp } from '../objects/ids.js';

/** Payload bytes of each retention class at evenly spaced times. */
export interface ClassHistory {
  readonly from: Timestamp;
  readonly to: Timestamp;
  /** Bytes at each time, for the classes that ever had any; all series have the same length. */
  readonly series: readonly { readonly retentionClass: RetentionClass; readonly bytes: readonly number[] }[];
}

const STEPS = 96;

/**
 * Live bytes of each class since the first artifact was registered, computed from the times of registration and
 * removal. An artifact counts under its current class for its whole life, and a restored one as if it had never been
 * removed.
 */
export function classHistory(records: Iterable<ArtifactRecord>, now: Timestamp): ClassHistory {
  const all = [...records];
  const to = timestampMs(now);
  let from = to;
  for (const { registered } of all) from = Math.min(from, timestampMs(registered.at));
  const step = Math.max(1, (to - from) / STEPS);
  // The first time at or after the event; later events count at the last one, where clocks differ.
  const place = (at: Timestamp) => Math.min(STEPS, Math.max(0, Math.ceil((timestampMs(at) - from) / step)));
  const changes = new Map(RETENTION_CLASSES.map((c) => [c, new Array<number>(STEPS + 1).fill(0)]));
  for (const { registered, removed, size_bytes, retention_class } of all) {
    const change = changes.get(retention_class)!;
    change[place(registered.at)]! += size_bytes;
    if (removed !== undefined) change[place(removed.at)]! -= size_bytes;
  }
  const series = [...changes].map(([retentionClass, change]) => {
    const bytes: number[] = [];
    let sum = 0;
    for (const c of change) {
      sum += c;
      bytes.push(Math.max(0, sum));
    }
    return { retentionClass, bytes };
  });
  return {
    from: toTimestamp(from),
    to: now,
    series: series.filter(({ bytes }) => bytes.some((b) => b > 0)),
  };
}
