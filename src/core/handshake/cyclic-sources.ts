import type { ArtifactId } from '../objects/ids.js';

/**
 * The artifacts that are their own ancestors through their sources, each with a number shared by all of one cycle. An
 * edge between two with the same number is on a cycle. Tarjan's algorithm, without recursion: a workspace may contain
 * a chain of a million artifacts.
 */
export function cyclicSources(
  sourcesOf: ReadonlyMap<ArtifactId, readonly ArtifactId[]>,
): ReadonlyMap<ArtifactId, number> {
  const index = new Map<ArtifactId, number>();
  const low = new Map<ArtifactId, number>();
  const open: ArtifactId[] = [];
  const isOpen = new Set<ArtifactId>();
  const circles = new Map<ArtifactId, number>();
  let circle = 0;
  const enter = (id: ArtifactId) => {
    index.set(id, index.size);
    low.set(id, index.get(id)!);
    open.push(id);
    isOpen.add(id);
    return { id, next: 0 };
  };
  const leave = (id: ArtifactId) => {
    if (low.get(id) !== index.get(id)) return;
    const members = open.splice(open.lastIndexOf(id));
    for (const member of members) isOpen.delete(member);
    const isCircle = members.length > 1 || (sourcesOf.get(id) ?? []).includes(id);
    if (isCircle) for (const member of members) circles.set(member, circle);
    circle++;
  };
  for (const start of sourcesOf.keys()) {
    if (index.has(start)) continue;
    const path = [enter(start)];
    while (path.length > 0) {
      const at = path.at(-1)!;
      const target = (sourcesOf.get(at.id) ?? [])[at.next++];
      if (target === undefined) {
        path.pop();
        leave(at.id);
        const above = path.at(-1)?.id;
        if (above !== undefined) low.set(above, Math.min(low.get(above)!, low.get(at.id)!));
      } else if (!sourcesOf.has(target)) continue;
      else if (!index.has(target)) path.push(enter(target));
      else if (isOpen.has(target)) low.set(at.id, Math.min(low.get(at.id)!, index.get(target)!));
    }
  }
  return circles;
}
