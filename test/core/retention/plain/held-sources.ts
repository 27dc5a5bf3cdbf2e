import { activePins } from '../../../../src/core/catalog/active-pins.js';
import type { ArtifactRecord } from '../../../../src/core/catalog/artifact-record.js';
import type { ArtifactId, Timestamp } from '../../../../src/core/objects/ids.js';
import type { RecordInput } from './plan-input.js';
import { pinsEnd } from './rule.js';

/**
 * Which artifacts are held as sources, direct or further back, of a pinned one (D2.4), and until when
 * the last of those pins ends (ms, or `ENDLESS`). What lies behind a source that was removed is held all the
 * same: a sensitive one goes by its TTL, and the next collection must not take what it was made from.
 */
export function heldSources(
  artifacts: readonly ArtifactRecord[],
  removed: RecordInput['removed'],
  clock: Timestamp,
): ReadonlyMap<ArtifactId, number> {
  const pinned: { record: ArtifactRecord; end: number }[] = [];
  for (const record of artifacts) {
    if (record.pins.length === 0) continue;
    const pins = activePins(record, clock);
    if (pins.length > 0) pinned.push({ record, end: pinsEnd(pins) });
  }
  const held = new Map<ArtifactId, number>();
  if (pinned.length === 0) return held;

  const sourcesOf = new Map([...removed, ...artifacts].map((a) => [a.artifact_id, a.sources]));
  // From the pin that ends last: whatever a later walk meets again is held for longer already.
  pinned.sort((a, b) => (a.end === b.end ? 0 : b.end - a.end));
  for (const { record, end } of pinned) {
    const open = [record.artifact_id];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const id of sourcesOf.get(next) ?? []) {
        if (held.has(id)) continue;
        held.set(id, end);
        open.push(id);
      }
    }
  }
  return held;
}
