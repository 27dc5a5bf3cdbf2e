import { type BundleIndex, decodeBundleIndex, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { HsError, prefixed } from '../../errors/hs-error.js';
import { demandObjectRead } from '../guard/read-gate.js';
import { resolveObject } from '../naming/resolve-object.js';
import type { Session } from '../session/session.js';

/** Calls `use` with an object that the actor may read, by its name or a unique prefix (B5). */
export function readObject<T>(
  session: Session,
  typed: string,
  use: (id: ObjectId) => Promise<T>,
): Promise<T> {
  return session.read(async (catalog) => {
    const id = await resolveObject(session, typed);
    await demandObjectRead(session, catalog, id);
    return use(id);
  });
}

/** The bytes of such an object in chunks that the caller may keep. */
export function streamObject(session: Session, typed: string): AsyncGenerator<Uint8Array, void> {
  return session.readPieces(async function* (catalog) {
    const id = await resolveObject(session, typed);
    await demandObjectRead(session, catalog, id);
    yield* session.store.objects.stream(id);
  });
}

/** The entries of a bundle index, by its hash. INVALID_RECORD if the object is none. */
export function readIndex(session: Session, typed: string): Promise<BundleIndex> {
  return readObject(session, typed, async (id) => {
    const bytes = await session.store.objects.read(id, MAX_INDEX_BYTES);
    try {
      return decodeBundleIndex(bytes);
    } catch (e) {
      if (!(e instanceof HsError)) throw e;
      throw prefixed(e, `object '${id.slice(0, 12)}…' is not a bundle index: `);
    }
  });
}
