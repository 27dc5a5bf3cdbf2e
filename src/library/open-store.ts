import { type Environment, noProgress } from '../core/effects.js';
import { isS3Url } from '../core/paths/s3-url.js';
import { HsError } from '../errors/hs-error.js';
import type { Disk } from '../fsx/disk.js';
import { nodeDisk } from '../fsx/node-disk.js';
import { nodeIndex } from '../fsx/sync-read-file.js';
import { systemClock, systemEnvironment, systemRandom } from '../fsx/system-effects.js';
import { yieldingDisk } from '../fsx/yielding-disk.js';
import { recovery } from '../ops/recovery/finish-dead-leases.js';
import { openSession } from '../ops/session/open-session.js';
import type { Session } from '../ops/session/session.js';
import { actorOf } from '../ops/session/session-request.js';
import { localStores } from '../store/local/local-stores.js';
import type { StoreHome } from '../store/port/backend.js';
import { withServices } from '../store/port/with-services.js';
import { Store } from '../store/store.js';
import * as given from './arguments.js';
import { ArtifactStore } from './artifact-store.js';
import type { CreateOptions, OpenOptions } from './options.js';

export function storesOn(
  disk: Disk,
  env: Environment,
  { signal, offline }: Pick<OpenOptions, 'signal' | 'offline'> = {},
): StoreHome {
  const ports = { disk, random: systemRandom(), env, index: nodeIndex };
  return withServices(localStores(ports), async () => {
    const { s3Stores, systemS3Ports } = await import('../store/s3/s3-stores.js');
    return s3Stores(systemS3Ports(ports, { signal, offline }));
  });
}

/** The session of a store; `unchecked` for what examines or accepts a ledger that was rolled back. */
export async function sessionOf(
  options: OpenOptions,
  how: { readonly unchecked?: boolean } = {},
): Promise<Session> {
  options.signal?.throwIfAborted();
  const environment = systemEnvironment();
  const disk = yieldingDisk(nodeDisk());
  return openSession(
    {
      ...how,
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
    storesOn(disk, environment, options),
    recovery,
  );
}

/**
 * Opens a store: NO_STORE, UNKNOWN_FORMAT, or, unless opened read-only, ROLLED_BACK if its ledger lacks entries that
 * were seen before.
 *
 * @example
 * const reader = await openStore({ store: '.', readOnly: true });
 * (await reader.list()).length; // → 2
 * await reader.note('no'); // throws USAGE
 * await reader.close();
 */
export async function openStore(options: OpenOptions = {}): Promise<ArtifactStore> {
  return new ArtifactStore(await sessionOf(given.openOptions(options)));
}

/**
 * Creates an empty store in an existing directory, or at `s3://BUCKET/PREFIX`, and opens it (`hs init`). CONFLICT when
 * one exists.
 *
 * @example
 * await mkdir('project');
 * const made = await createStore('project', { actor: 'ai_job:nightly' });
 * (await made.list()).length; // → 0
 * await made.close();
 * await createStore('project'); // throws CONFLICT
 */
export async function createStore(directory: string, options: CreateOptions = {}): Promise<ArtifactStore> {
  const { allowSetClock = false, shared = false, ...open } = given.createOptions(options);
  const path = given.filePath(directory, 'directory');
  open.signal?.throwIfAborted();
  const environment = systemEnvironment();
  const disk = nodeDisk();
  const clock = systemClock();
  const backend = await storesOn(disk, environment, open).create(
    {
      workspace: isS3Url(path)
        ? path
        : await disk.realpath(path).catch((cause) => {
            throw new HsError('NOT_FOUND', `'${path}' does not exist`, { cause });
          }),
      actor: actorOf({ actor: open.actor ?? environment.get('HS_ACTOR'), environment }),
      allowSetClock,
      shared,
      ...(open.now === undefined ? {} : { setClock: open.now.getTime() }),
    },
    clock,
  );
  const { warn } = open;
  const made = new Store(backend, { clock, random: systemRandom(), ...(warn === undefined ? {} : { warn }) });
  try {
    await made.adopt();
  } finally {
    await made.close();
  }
  return openStore({ ...open, store: isS3Url(path) ? path : made.local.directory });
}
