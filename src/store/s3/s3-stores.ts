import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { Clock, Random, Trace } from '../../core/effects.js';
import { encodeEntry } from '../../core/ledger/entry.js';
import { sha256 } from '../../core/objects/hash.js';
import { isS3Url } from '../../core/paths/s3-url.js';
import { HsError } from '../../errors/hs-error.js';
import { type Http, nodeHttp } from '../../fsx/http.js';
import { runShell } from '../../fsx/run-shell.js';
import { systemClock } from '../../fsx/system-effects.js';
import { foundation } from '../foundation.js';
import type { LocalPorts } from '../local/local-backend.js';
import type { CreateRequest, StoreHome } from '../port/backend.js';
import { decodeFormat, hasFeature, RECORD_FEATURES, unknownFormat } from '../port/format.js';
import { asOfMirror } from './as-of-mirror.js';
import { CredentialChain } from './client/credentials.js';
import { endpointOf, parseS3Url } from './client/endpoint.js';
import { S3Client } from './client/s3-client.js';
import { notWritable } from './client/s3-errors.js';
import { ended, type FirstLook, firstLook } from './first-look.js';
import { entryKey, FORMAT_KEY, LEDGER, objectKey, PACKS, SEGMENTS, TRASH } from './keys.js';
import { KnownFormat } from './known-format.js';
import { Mirror } from './mirror.js';
import { probeService } from './probe-service.js';
import { S3Backend } from './s3-backend.js';

const FEATURES = ['packs', 'packs-2', ...RECORD_FEATURES, 'remote'] as const;

/** What a store on a service depends on. */
export interface S3Ports extends LocalPorts {
  readonly http: () => Http;
  /** The system's clock. */
  readonly clock: Clock;
  wait(ms: number): Promise<void>;
  /** The standard output of a shell command, for the credentials that a profile takes from one. */
  runProcess(command: string): Promise<string>;
  /** No request is sent: stores are read from their mirrors. Left out: as `HS_OFFLINE` says. */
  readonly offline?: boolean | undefined;
  /** The one that cuts requests. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each request. */
  readonly trace?: Trace | undefined;
}

const jitterOf = (random: Random) => () => Number.parseInt(random.hex(2), 16) / 65_536;

const isOffline = ({ offline, env }: S3Ports) => offline ?? env.get('HS_OFFLINE') === '1';

async function clientFor(ports: S3Ports, url: string): Promise<S3Client> {
  const { env, disk, runProcess, http, clock, wait, random, trace, signal } = ports;
  const place = parseS3Url(url);
  const effects = {
    http: http(),
    clock,
    wait: (ms: number) => wait(ms),
    jitter: jitterOf(random),
    trace,
    signal,
    offline: isOffline(ports),
  };
  try {
    const chain = new CredentialChain({ env, disk, runProcess }, effects);
    const endpoint = endpointOf(place, env, await chain.profile());
    return new S3Client(place, endpoint, (now) => chain.get(now), effects);
  } catch (e) {
    effects.http.close();
    throw e;
  }
}

async function openBackend(given: S3Ports, url: string): Promise<S3Backend> {
  const ports = { ...given, offline: isOffline(given) };
  const client = await clientFor(ports, url);
  const known = new KnownFormat(ports, client.address);
  let first: FirstLook | undefined;
  try {
    const kept = await known.kept();
    if (kept === undefined) client.demandOnline(`the store at '${client.place}'`);
    if (kept === undefined) first = firstLook(client);
    const bytes = kept ?? (await known.fetch(client));
    if (bytes === undefined) {
      throw new HsError('NO_STORE', `there is no store at '${client.place}'`, {
        hint: `create one with: hs init ${client.place}`,
      });
    }
    const format = decodeFormat(client.place, bytes);
    if (!hasFeature(format, 'remote')) throw unknownFormat(client.place, 'it is not a store on a service');
    return new S3Backend(client, await Mirror.open(ports, format, bytes), known, ports, first);
  } catch (e) {
    if (first !== undefined) await ended(first);
    client.close();
    throw e;
  }
}

/** Whether there is what only a store with entries has; a collection of a new one would take it all. */
async function hasLeftovers(client: S3Client): Promise<boolean> {
  const pages = await Promise.all([LEDGER, SEGMENTS, PACKS, TRASH].map((start) => client.firstPage(start)));
  return pages.some(({ keys }) => keys.length > 0);
}

async function create(ports: S3Ports, { workspace: url, ...request }: CreateRequest, clock: Clock) {
  if (request.shared) {
    throw new HsError(
      'USAGE',
      "'--shared' is for a directory: the rights of a bucket say who can use the store",
    );
  }
  if (isOffline(ports)) throw notWritable();
  const client = await clientFor(ports, url);
  const exists = () =>
    new HsError('CONFLICT', `'${client.place}' has a store already`, { hint: 'nothing was changed' });
  try {
    const { actor, allowSetClock, setClock } = request;
    const isLeft = await hasLeftovers(client);
    if ((await client.get(entryKey(0))) !== undefined) throw exists();
    if (isLeft) {
      throw new HsError('CONFLICT', `'${client.place}' has parts of a store whose ledger is gone`, {
        hint: 'nothing was changed; bring ledger/ back from a copy, as mirrors are, or use another prefix',
      });
    }
    await probeService(client, ports.random);
    const first = foundation(
      { clock, random: ports.random },
      { actor, allowSetClock, features: FEATURES, setClock },
    );
    await client.put(objectKey(first.policy, 0), first.policyBytes);
    let { formatBytes, entry } = first;
    const put = async (key: string, bytes: Uint8Array) => {
      const outcome = await client.putIfAbsent(key, bytes);
      if (outcome !== 'unknown') return outcome === 'stored';
      throw new HsError('OUTCOME_UNKNOWN', `'${key}' was sent, but the service gave no answer`, {
        hint: 'run the command again: it says whether there is a store',
      });
    };
    if (!(await put(FORMAT_KEY, formatBytes))) {
      // Another init is at work or died here: whoever appends entry 0 to its format has made the store.
      formatBytes = Buffer.from((await client.get(FORMAT_KEY)) ?? formatBytes);
      const { store_id } = decodeFormat(client.place, formatBytes);
      entry = { ...entry, prev: sha256(formatBytes), payload: { store_id, policy: first.policy } };
    }
    if (!(await put(entryKey(0), encodeEntry(entry)))) throw exists();
  } finally {
    client.close();
  }
  return openBackend(ports, url);
}

/** What stands on this machine's network and clock; once `signal` is aborted, nothing is waited for. */
export function systemS3Ports(
  ports: LocalPorts,
  { signal, trace, offline }: Pick<S3Ports, 'signal' | 'trace' | 'offline'> = {},
): S3Ports {
  const ended = signal && AbortSignal.any([signal]);
  // One for each request that waits for its next try.
  if (ended !== undefined) setMaxListeners(0, ended);
  return {
    ...ports,
    http: () => nodeHttp(signal),
    clock: systemClock(),
    wait: (ms) => setTimeout(ms, undefined, { signal: ended }).catch(() => undefined),
    runProcess: runShell,
    trace,
    signal,
    offline,
  };
}

/** The stores on S3 services, named by `s3://BUCKET/PREFIX`. */
export function s3Stores(ports: S3Ports): StoreHome {
  return {
    open: async (named) => {
      if (!isS3Url(named)) throw new HsError('NO_STORE', `'${named}' is not a store on a service`);
      const backend = await openBackend(ports, named);
      if (!isOffline(ports)) return { backend };
      try {
        return await asOfMirror(backend);
      } catch (e) {
        await backend.close();
        throw e;
      }
    },
    create: (request, clock) => create(ports, request, clock),
    around: async () => undefined,
  };
}
