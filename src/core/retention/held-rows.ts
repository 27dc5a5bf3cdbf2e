import type { ArtifactColumns } from './artifact-columns.js';

/**
 * Which artifacts are held as sources, direct or further back, of a pinned one (D2.4), and until when
 * the last of those pins ends (ms, or `ENDLESS`); by row. What lies behind a source that was removed is held all the
 * same: a sensitive one goes by its TTL, and the next collection must not take what it was made from.
 */
export function heldRows(artifacts: ArtifactColumns, clock: number): ReadonlyMap<number, number> {
  const { pinsEnd, size } = artifacts;
  const pinned: number[] = [];
  for (let row = 0; row < size; row++) if (pinsEnd[row]! > clock) pinned.push(row);
  // From the pin that ends last: whatever a later walk meets again is held for longer already.
  pinned.sort((a, b) => (pinsEnd[a] === pinsEnd[b] ? 0 : pinsEnd[b]! - pinsEnd[a]!));
  const held = new Map<number, number>();
  const seen = new Uint8Array(artifacts.sourceIds.size);
  for (const row of pinned) {
    const open = [...(artifacts.sourcesOf(row) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen[next] === 1) continue;
      seen[next] = 1;
      const source = artifacts.rowOfSource(next);
      if (source >= 0) held.set(source, pinsEnd[row]!);
      open.push(...(artifacts.sourcesOfSource(next) ?? []));
    }
  }
  return held;
}

/**
 * Ids of the removed artifacts that lie between a pinned one and what it was made from. Each is answered with what it
 * was made from itself, and is then known to the columns.
 */
export function* removedSources(artifacts: ArtifactColumns) {
  const { pinsEnd, size, sourceIds } = artifacts;
  const seen = new Set<number>();
  for (let row = 0; row < size; row++) {
    if (pinsEnd[row] === 0) continue;
    const open = [...(artifacts.sourcesOf(row) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      if (artifacts.rowOfSource(next) < 0) yield sourceIds.at(next);
      open.push(...(artifacts.sourcesOfSource(next) ?? []));
    }
  }
}
