import { isObjectId, type ObjectId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import type { Session } from '../session/session.js';

const MAX_CANDIDATES = 10;

/** The object named by 64 hex digits, or by a unique prefix of 6 or more. NOT_FOUND or AMBIGUOUS. */
export async function resolveObject(session: Session, typed: string): Promise<ObjectId> {
  const prefix = typed.toLowerCase();
  const none = new HsError('NOT_FOUND', `there is no object '${typed}'`, {
    hint: 'an object is named by 64 hex digits, or by a unique prefix of at least 6',
  });
  if (!/^[0-9a-f]{6,64}$/.test(prefix)) throw none;
  if (isObjectId(prefix)) {
    if (!(await session.store.objects.has(prefix))) throw none;
    return prefix;
  }
  const found = new Set<ObjectId>();
  for await (const { objects } of session.store.inventory.groups({ prefix })) {
    for (const { id } of objects) found.add(id);
  }
  if (found.size === 0) throw none;
  if (found.size === 1) return [...found][0]!;
  const candidates = [...found].sort().slice(0, MAX_CANDIDATES);
  throw new HsError('AMBIGUOUS', `'${typed}' names more than one object`, {
    hint: `give more digits; candidates: ${candidates.map((c) => c.slice(0, 16)).join(', ')}`,
    details: { candidates },
  });
}
