import { HsError } from '../../errors/hs-error.js';
import { outputRootOf } from '../export/output-root.js';
import type { Session } from '../session/session.js';

/**
 * Accepts a store that came from elsewhere, with the output root of its current policy. INTEGRITY if its layout is not
 * that of a store; SYSTEM if the acceptance cannot be saved.
 */
export async function acceptStore(session: Session): Promise<void> {
  const { store } = session;
  await store.checkStructure();
  const root = await outputRootOf(store.local, await session.policy(await session.catalog()));
  if (await store.local.trust.accept(root.path)) return;
  throw new HsError('SYSTEM', 'cannot record that this store is accepted', {
    hint: `make '${store.local.trust.place ?? '$XDG_STATE_HOME'}' a directory you can write to`,
  });
}
