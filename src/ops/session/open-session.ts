import { HsError, isHsError } from '../../errors/hs-error.js';
import type { OpenedBackend, StoreHome } from '../../store/port/backend.js';
import { Store } from '../../store/store.js';
import { type Recovery, Session } from './session.js';
import type { SessionRequest } from './session-request.js';

/** Reading an older copy of a store on a read-only medium is fine; only writing needs it to be accepted. */
async function checkHead(store: Store, { writes, adds, warn }: SessionRequest): Promise<void> {
  if (adds) return store.anchor.assumeHead();
  try {
    await store.anchor.checkedHead();
  } catch (e) {
    if (writes || !isHsError(e, 'ROLLED_BACK')) throw e;
    store.readOnlyBecause(e);
    warn(`${e.message}; the store can be read, but not written`);
  }
}

/** Finds and opens the store, and checks its ledger against the anchor. */
export async function openSession(
  request: SessionRequest,
  stores: StoreHome,
  recovery: Recovery,
): Promise<Session> {
  const opened = await stores.open(request.store);
  const store = new Store(opened.backend, {
    clock: request.clock,
    random: request.random,
    ...(request.trace === undefined ? {} : { trace: request.trace }),
    ...(request.writes ? { warn: request.warn } : {}),
  });
  try {
    return await sessionOn(store, opened, request, recovery);
  } catch (e) {
    await store.close();
    throw e;
  }
}

async function sessionOn(
  store: Store,
  { doubt, warning, readOnly }: Omit<OpenedBackend, 'backend'>,
  request: SessionRequest,
  recovery: Recovery,
): Promise<Session> {
  await store.establishTrust(request.unchecked !== true, doubt);
  if (warning !== undefined) request.warn(warning);
  if (request.unchecked) store.anchor.hold();
  else await checkHead(store, request);
  if (readOnly !== undefined) store.readOnlyBecause(readOnly);
  if (request.readOnly) store.readOnlyBecause(new HsError('USAGE', 'the store was opened read-only'));
  const session = new Session(request, store, recovery);
  const { type, id } = session.actor;
  const root = store.local.directory;
  request.trace?.({ event: 'store', root, store_id: store.format.store_id, actor: `${type}:${id}` });
  return session;
}
