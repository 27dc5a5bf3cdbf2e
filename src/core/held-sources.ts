import { activePins } from './check-ops.js';
import type { ArtifactId, Timestamp } from './ids.js';
import type { ArtifactRecord } from './record.js';
import { pinsEnd } from './retention-rule.js';

/**
 * Which artifacts are held as sources, direct or further back, of a pinned one (D2.4), and until when
 * the last of those pins ends (ms, or `ENDLESS`). A source that is no longer live holds nothing.
 */
export function heldSources(
  artifacts: readonly ArtifactRecord[],
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

  const byId = new Map(artifacts.map((a) => [a.artifact_id, a]));
  // From the pin that ends last: whatever a later walk meets again is held for longer already.
  pinned.sort((a, b) => (a.end === b.end ? 0 : b.end - a.end));
  for (const { record, end } of pinned) {
    const open = [record];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const id of next.sources ?? []) {
        if (held.has(id)) continue;
        const source = byId.get(id);
        if (source === undefined) continue;
        held.set(id, end);
        open.push(source);
      }
    }
  }
  return held;
}
