import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import { nodeIndex } from '../../fsx/sync-read-file.js';
import { findStore, namedStore } from '../../store/local/locate.js';
import { Store, type StorePorts } from '../../store/store.js';
import { type Recovery, Session } from './session.js';
import type { SessionRequest } from './session-request.js';

/** An older copy of a store, on a medium that keeps it so for one, can be read: only to write on in it needs a word. */
async function checkHead(store: Store, { writes, warn }: SessionRequest): Promise<void> {
  try {
    await store.checkedHead();
  } catch (e) {
    if (writes || !isHsError(e, 'ROLLED_BACK')) throw e;
    store.readOnlyBecause(e);
    warn(`${e.message}; what it holds can be read, and nothing written`);
  }
}

/** Finds and opens the store, and checks its ledger against the anchor. */
export async function openSession(request: SessionRequest, recovery: Recovery): Promise<Session> {
  const { disk, environment } = request;
  const { root, doubt, warning } =
    request.store === undefined || request.store === ''
      ? await findStore(disk, environment.cwd, environment.uid)
      : await namedStore(disk, request.store);
  const ports: StorePorts = {
    disk,
    clock: request.clock,
    random: request.random,
    env: environment,
    ...(request.useIndex === false ? {} : { index: nodeIndex }),
    ...(request.trace === undefined ? {} : { trace: request.trace }),
    ...(request.writes ? { warn: request.warn } : {}),
    ...(request.packLimits === undefined ? {} : { packLimits: request.packLimits }),
  };
  const store = await Store.open(ports, root).catch((e) => {
    throw doubt !== undefined && isErrno(e, 'EACCES', 'EPERM') ? doubt : e;
  });
  try {
    await store.meet(request.unchecked !== true, doubt);
  } catch (e) {
    await store.close();
    throw e;
  }
  if (warning !== undefined) request.warn(warning);
  if (request.unchecked) store.holdAnchor();
  else await checkHead(store, request);
  if (request.readOnly) store.readOnlyBecause(new HsError('USAGE', 'the store was opened only to be read'));
  const session = new Session(request, store, recovery);
  const { type, id } = session.actor;
  request.trace?.({ event: 'store', root, store_id: store.format.store_id, actor: `${type}:${id}` });
  return session;
}
