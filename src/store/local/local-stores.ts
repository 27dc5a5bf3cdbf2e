import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { StoreHome } from '../port/backend.js';
import { initStore } from './init.js';
import { LocalBackend, type LocalPorts } from './local-backend.js';
import { findStore, namedStore } from './locate.js';

/** The stores in directories on this machine. */
export function localStores(ports: LocalPorts): StoreHome {
  const { disk, env } = ports;
  const find = () => findStore(disk, env.cwd, env.uid);
  return {
    async open(named) {
      const { root, doubt, warning } =
        named === undefined || named === '' ? await find() : await namedStore(disk, named);
      const backend = await LocalBackend.open(ports, root).catch((e) => {
        throw doubt !== undefined && isErrno(e, 'EACCES', 'EPERM') ? doubt : e;
      });
      return { backend, doubt, warning };
    },
    create: (request, clock) => initStore({ ...ports, clock }, request),
    async around() {
      try {
        return (await find()).root;
      } catch (e) {
        if (isHsError(e, 'NO_STORE', 'REFUSED')) return undefined;
        throw e;
      }
    },
  };
}
