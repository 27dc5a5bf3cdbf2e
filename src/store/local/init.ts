import { ENTRY_SCHEMA, encodeEntry, type LedgerEntry } from '../../core/ledger/entry.js';
import { sha256 } from '../../core/objects/hash.js';
import { toTimestamp } from '../../core/objects/ids.js';
import type { Actor } from '../../core/policy/authorize.js';
import { DEFAULT_POLICY, encodePolicy } from '../../core/policy/policy.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import { Ledger } from '../ledger/ledger-files.js';
import { Store, type StorePorts } from '../store.js';
import { encodeFormat, type Feature, FORMAT_VERSION, type Format } from './format.js';
import { FAN_OUT, Layout, ROOTING, STORE_DIR } from './layout.js';
import { probeFilesystem } from './probe.js';

export interface InitOptions {
  /** The directory that will hold the store; it must exist. */
  readonly workspace: string;
  readonly actor: Actor;
  readonly allowSetClock: boolean;
  /** Whether the group of the directory writes to it as well. */
  readonly shared?: boolean;
  readonly setClock?: number;
}

const SHARED_MODE = 0o2770;

async function build(ports: StorePorts, root: string, options: InitOptions): Promise<void> {
  const { disk, random, clock } = ports;
  const layout = new Layout(root);
  await probeFilesystem(disk, `${root}/probe`, options.workspace);
  const { objects, packs, leases, trash, tmp, cache } = layout;
  for (const dir of [objects, packs, layout.ledger, leases, trash, tmp, cache]) await disk.mkdir(dir, 0o700);
  for (const name of FAN_OUT) await disk.mkdir(`${layout.objects}/${name}`, 0o700);
  await disk.mkdir(layout.ledgerDir(0), 0o700);

  const format: Format = {
    format: 'hsstore',
    version: FORMAT_VERSION,
    store_id: random.uuid(),
    lock: 'ofd',
    features: ['packs', 'records-2', 'policy-2', ...(options.shared ? ['shared'] : [])] satisfies (
      | Feature
      | string
    )[],
    allow_set_clock: options.allowSetClock,
  };
  const formatBytes = encodeFormat(format);
  await disk.writeFile(layout.format, formatBytes, { mode: 0o444, sync: true });
  await disk.writeFile(layout.gcLock, new Uint8Array(), { mode: 0o600, sync: true });

  const policyBytes = encodePolicy(DEFAULT_POLICY);
  const policy = sha256(policyBytes);
  await disk.writeFile(layout.object(policy), policyBytes, { mode: 0o444, sync: true });

  const entry: LedgerEntry = {
    schema: ENTRY_SCHEMA,
    seq: 0,
    prev: sha256(formatBytes),
    event_id: random.uuid(),
    trace_id: random.uuid(),
    type: 'store_created',
    at: toTimestamp(clock.now()),
    ...(options.setClock === undefined ? {} : { set_clock: toTimestamp(options.setClock) }),
    actor: options.actor.type,
    actor_id: options.actor.id,
    payload: { store_id: format.store_id, policy },
    ops: [{ op: 'set_policy', policy }],
  };
  const ledger = new Ledger(disk, layout, sha256(formatBytes));
  // Named as if a lease had staged it: what a power cut leaves of it is cleared as such.
  await ledger.append(entry, encodeEntry(entry), `${layout.tmp}/${random.hex(12)}-entry-0`);
  for (const dir of [layout.objectDir(policy), layout.objects, layout.ledger, root]) await disk.syncDir(dir);
}

/**
 * Makes a store: built beside its place and renamed in, so that a half-made one is never seen. CONFLICT
 * when there is one already; SYSTEM when the filesystem is unsuitable.
 */
export async function initStore(ports: StorePorts, options: InitOptions): Promise<Store> {
  const { disk } = ports;
  const root = `${options.workspace === '/' ? '' : options.workspace}/${STORE_DIR}`;
  const exists = () => new HsError('CONFLICT', `'${root}' exists already`, { hint: 'nothing was changed' });
  try {
    await disk.lstat(root);
    throw exists();
  } catch (e) {
    if (!isErrno(e, 'ENOENT')) throw e;
  }
  const staged = `${root}.init-${ports.random.hex(6)}`;
  const shared = options.shared ?? false;
  await disk.mkdir(staged, 0o700);
  try {
    // After mkdir: that takes no setgid bit.
    if (shared) await disk.chmod(staged, SHARED_MODE);
    const within = await disk.within(staged, { ...ROOTING, shared });
    try {
      await build({ ...ports, disk: within }, staged, options);
    } finally {
      await within.release();
    }
    await disk.rename(staged, root);
  } catch (e) {
    await disk.removeTree(staged);
    if (isErrno(e, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) throw exists();
    throw e;
  }
  await disk.syncDir(options.workspace);
  const store = await Store.open(ports, root);
  await store.trust.accept();
  await store.keepAnchor(await store.ledger.head());
  return store;
}
