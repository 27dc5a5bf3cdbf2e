import * as given from './arguments.js';
import { ArtifactStore } from './artifact-store.js';
import { type Environment, noProgress } from './core/effects.js';
import { HsError } from './errors/hs-error.js';
import type { Disk } from './fsx/disk.js';
import { nodeDisk } from './fsx/node-disk.js';
import { nodeIndex } from './fsx/sync-read-file.js';
import { systemClock, systemEnvironment, systemRandom } from './fsx/system-effects.js';
import { yieldingDisk } from './fsx/yielding-disk.js';
import { recovery } from './ops/recovery/finish-dead-leases.js';
import { openSession } from './ops/session/open-session.js';
import { actorOf } from './ops/session/session-request.js';
import type { CreateOptions, OpenOptions } from './options.js';
import { localStores } from './store/local/local-stores.js';
import type { StoreHome } from './store/port/backend.js';
import { Store } from './store/store.js';

function storesOn(disk: Disk, env: Environment): StoreHome {
  return localStores({ disk, random: systemRandom(), env, index: nodeIndex });
}

/**
 * Opens a store: NO_STORE, UNKNOWN_FORMAT, or, unless opened read-only, ROLLED_BACK if its ledger lacks entries that
 * were seen before.
 */
export async function openStore(asked: OpenOptions = {}): Promise<ArtifactStore> {
  const options = given.openOptions(asked);
  const environment = systemEnvironment();
  const disk = yieldingDisk(nodeDisk());
  return new ArtifactStore(
    await openSession(
      {
        store: options.store ?? environment.get('HS_STORE'),
        writes: options.readOnly !== true,
        readOnly: options.readOnly === true,
        disk,
        clock: systemClock(),
        setClock: options.now?.getTime(),
        random: systemRandom(),
        environment,
        actor: options.actor ?? environment.get('HS_ACTOR'),
        jobId: options.jobId ?? environment.get('HS_JOB_ID'),
        progress: options.progress ?? noProgress,
        signal: options.signal ?? new AbortController().signal,
        warn: options.warn ?? (() => undefined),
      },
      storesOn(disk, environment),
      recovery,
    ),
  );
}

/** Creates an empty store in an existing directory and opens it (`hs init`). CONFLICT when one exists. */
export async function createStore(directory: string, asked: CreateOptions = {}): Promise<ArtifactStore> {
  const options = given.createOptions(asked);
  const path = given.filePath(directory, 'directory');
  const environment = systemEnvironment();
  const disk = nodeDisk();
  const { allowSetClock = false, shared = false, ...open } = options;
  const clock = systemClock();
  const backend = await storesOn(disk, environment).create(
    {
      workspace: await disk.realpath(path).catch((cause) => {
        throw new HsError('NOT_FOUND', `'${path}' does not exist`, { cause });
      }),
      actor: actorOf({ actor: options.actor ?? environment.get('HS_ACTOR'), environment }),
      allowSetClock,
      shared,
      ...(options.now === undefined ? {} : { setClock: options.now.getTime() }),
    },
    clock,
  );
  const { warn } = options;
  const made = new Store(backend, { clock, random: systemRandom(), ...(warn === undefined ? {} : { warn }) });
  await made.adopt();
  await made.close();
  return openStore({ ...open, store: made.local.directory });
}
