import { HsError } from '../../errors/hs-error.js';
import { foundation } from '../foundation.js';
import type { StoreHome } from '../port/backend.js';
import { RECORD_FEATURES } from '../port/format.js';
import { MemoryBackend, type MemoryPorts } from './memory-backend.js';
import type { MemoryState } from './memory-state.js';

/** The stores in this program's memory, by the workspace each was created for. */
export class MemoryStores {
  readonly #stores = new Map<string, MemoryState>();

  /** The stores as seen by a process. A store is named by its workspace. */
  seenBy(ports: MemoryPorts): StoreHome {
    const { process, random } = ports;
    return {
      open: async (named) => {
        const state = named === undefined ? undefined : this.#stores.get(named);
        if (state === undefined) throw new HsError('NO_STORE', `there is no store in memory for '${named}'`);
        return { backend: new MemoryBackend(state, ports) };
      },
      create: async ({ workspace, actor, allowSetClock, setClock }, clock) => {
        const first = foundation(
          { clock, random },
          { actor, allowSetClock, features: RECORD_FEATURES, setClock },
        );
        const state: MemoryState = {
          format: first.format,
          formatBytes: first.formatBytes,
          workspace,
          entries: new Map([[0, first.entryBytes]]),
          objects: new Map([[first.policy, first.policyBytes]]),
          trash: new Map(),
          leases: new Map(),
          staged: new Set(),
          exclusive: new Map(),
          seen: undefined,
          accepted: undefined,
        };
        await process.step('make a store', () => {
          if (this.#stores.has(workspace))
            throw new HsError('CONFLICT', `'${workspace}' has a store already`);
          this.#stores.set(workspace, state);
        });
        return new MemoryBackend(state, ports);
      },
      around: async () => undefined,
    };
  }

  /** The raw state of a store, for tests that damage it. NO_STORE. */
  stateOf(workspace: string): MemoryState {
    const state = this.#stores.get(workspace);
    if (state === undefined) throw new HsError('NO_STORE', `there is no store in memory for '${workspace}'`);
    return state;
  }
}
