import { HsError } from '../../errors/hs-error.js';
import { checkStructure } from '../../store/local/check-structure.js';
import { outputRootOf } from '../export/output-root.js';
import type { Session } from '../session/session.js';

/**
 * Accepts a store that came from elsewhere, with the output root that its policy has now. INTEGRITY when it
 * is not made as a store is; SYSTEM where that cannot be remembered.
 */
export async function acceptStore(session: Session): Promise<void> {
  const { store } = session;
  await checkStructure(store.disk, store.layout);
  const root = await outputRootOf(store, await session.policy(await session.catalog()));
  if (await store.trust.accept(root.path)) return;
  throw new HsError('SYSTEM', 'cannot remember that this store is accepted', {
    hint: `make '${store.state.path ?? '$XDG_STATE_HOME'}' a directory that you can write to`,
  });
}
