import * as given from './arguments.js';
import { ArtifactStore } from './artifact-store.js';
import { noProgress } from './core/effects.js';
import { HsError } from './errors/hs-error.js';
import { nodeDisk } from './fsx/node-disk.js';
import { systemClock, systemEnvironment, systemRandom } from './fsx/system-effects.js';
import { yieldingDisk } from './fsx/yielding-disk.js';
import { recovery } from './ops/recovery/finish-dead-leases.js';
import { openSession } from './ops/session/open-session.js';
import { actorOf } from './ops/session/session-request.js';
import type { CreateOptions, OpenOptions } from './options.js';
import { initStore } from './store/local/init.js';

/** Opens a store: NO_STORE, UNKNOWN_FORMAT, or, unless it is only to be read, ROLLED_BACK when its ledger lacks what was seen of it. */
export async function openStore(asked: OpenOptions = {}): Promise<ArtifactStore> {
  const options = given.openOptions(asked);
  const environment = systemEnvironment();
  return new ArtifactStore(
    await openSession(
      {
        store: options.store ?? environment.get('HS_STORE'),
        writes: options.readOnly !== true,
        readOnly: options.readOnly === true,
        disk: yieldingDisk(nodeDisk()),
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
      recovery,
    ),
  );
}

/** Makes an empty store in a directory that is there, and opens it (`hs init`). CONFLICT when it holds one. */
export async function createStore(directory: string, asked: CreateOptions = {}): Promise<ArtifactStore> {
  const options = given.createOptions(asked);
  const path = given.filePath(directory, 'directory');
  const environment = systemEnvironment();
  const disk = nodeDisk();
  const { allowSetClock = false, shared = false, ...open } = options;
  const made = await initStore(
    {
      disk,
      clock: systemClock(),
      random: systemRandom(),
      env: environment,
      ...(options.warn === undefined ? {} : { warn: options.warn }),
    },
    {
      workspace: await disk.realpath(path).catch((cause) => {
        throw new HsError('NOT_FOUND', `'${path}' is not there`, { cause });
      }),
      actor: actorOf({ actor: options.actor ?? environment.get('HS_ACTOR'), environment }),
      allowSetClock,
      shared,
      ...(options.now === undefined ? {} : { setClock: options.now.getTime() }),
    },
  );
  await made.close();
  return openStore({ ...open, store: made.root });
}
