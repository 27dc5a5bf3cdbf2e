import { describe, it } from 'vitest';
import { BATCH } from './batch.js';
import { INVENTORY } from './inventory.js';
import { LEASES } from './leases.js';
import { LEDGER } from './ledger.js';
import { LOCAL_SIDE } from './local-side.js';
import { OBJECTS } from './objects.js';
import { RECLAIMER } from './reclaimer.js';
import type { Implementation, Promised } from './subject.js';

const PROMISES: Readonly<Record<string, readonly Promised[]>> = {
  'the ledger': LEDGER,
  'a batch': BATCH,
  objects: OBJECTS,
  'the reclaimer': RECLAIMER,
  leases: LEASES,
  'the inventory': INVENTORY,
  'the local side': LOCAL_SIDE,
};

/** What a machine keeps for itself. */
const OF_ONE_MACHINE = ['leases', 'the local side'];

/** How many promises each implementation is held to. */
export const CONTRACT_LENGTH = Object.values(PROMISES).reduce((sum, list) => sum + list.length, 0);

/** The contract of the storage port (`src/store/port`), as tests of one implementation. */
export function backendContract({ name, make, apart = false }: Implementation): void {
  describe(`${name}, held to the ${CONTRACT_LENGTH} promises of the storage port`, () => {
    for (const [what, promises] of Object.entries(PROMISES)) {
      if (apart && OF_ONE_MACHINE.includes(what)) continue;
      describe(what, () => {
        it.each(promises)('%s', async (_, keep) => {
          const subject = await make();
          await keep(subject);
          await subject.other.close();
          await subject.backend.close();
        });
      });
    }
  });
}
