import type { ObjectId } from '../../core/objects/ids.js';
import type { UnusedObjects } from '../port/reclaimer.js';

/**
 * A pack is rewritten when a greater part of its bytes is unused, as a segment of borg is by `compact` (restic leaves
 * 5 % of the whole).
 */
export const MOST_UNUSED = 0.1;

export interface Unused {
  readonly moved: readonly UnusedObjects[];
  /** In packs that are not worth rewriting yet. */
  readonly unswept: readonly UnusedObjects[];
}

/**
 * Which of the unreachable objects a sweep moves: not those of a large pack that is in use otherwise, unless one of them
 * `mustGo`, has another copy that is moved, or goes `along` with an object that is moved.
 */
export async function worthMoving(
  unused: readonly UnusedObjects[],
  mustGo: (id: ObjectId) => boolean = () => false,
  along: (id: ObjectId) => readonly ObjectId[] = () => [],
): Promise<Unused> {
  const moved: UnusedObjects[] = [];
  let unswept: UnusedObjects[] = [];
  for (const each of unused) {
    const { group, ids } = each;
    const most = MOST_UNUSED * (group.rewrites ?? 0);
    let bytes = 0;
    for (const id of ids) bytes += bytes > most ? 0 : ((await group.size(id)) ?? 0);
    (bytes > most || group.rewrites === undefined || ids.some(mustGo) ? moved : unswept).push(each);
  }
  const going = new Set<ObjectId>();
  for (let done = 0; done < moved.length && unswept.length > 0; done++) {
    for (const id of moved[done]!.ids) {
      going.add(id);
      for (const other of along(id)) going.add(other);
    }
    if (done + 1 < moved.length) continue;
    const stay: UnusedObjects[] = [];
    for (const each of unswept) (each.ids.some((id) => going.has(id)) ? moved : stay).push(each);
    unswept = stay;
  }
  return { moved, unswept };
}
