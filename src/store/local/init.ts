import type { Clock } from '../../core/effects.js';
import { STORE_DIR } from '../../core/paths/store-dir.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import { foundation } from '../foundation.js';
import type { CreateRequest } from '../port/backend.js';
import { RECORD_FEATURES } from '../port/format.js';
import { FAN_OUT, Layout, ROOTING } from './layout.js';
import { LedgerFiles } from './ledger-files.js';
import { LocalBackend, type LocalPorts } from './local-backend.js';
import { probeFilesystem } from './probe.js';

const SHARED_MODE = 0o2770;

/** What creating a store needs besides what opening it does. */
export type InitPorts = LocalPorts & { readonly clock: Clock };

/** Makes every directory of a store, `format.json` and the file of the collector's lock. */
export async function layOut(disk: Disk, layout: Layout, formatBytes: Uint8Array): Promise<void> {
  const { objects, packs, leases, trash, tmp, cache } = layout;
  for (const dir of [objects, packs, layout.ledger, leases, trash, tmp, cache]) await disk.mkdir(dir, 0o700);
  for (const name of FAN_OUT) await disk.mkdir(`${layout.objects}/${name}`, 0o700);
  await disk.mkdir(layout.ledgerDir(0), 0o700);
  await disk.writeFile(layout.format, formatBytes, { mode: 0o444, sync: true });
  await disk.writeFile(layout.gcLock, new Uint8Array(), { mode: 0o600, sync: true });
}

async function build(ports: InitPorts, root: string, options: CreateRequest): Promise<void> {
  const { disk, random } = ports;
  const layout = new Layout(root);
  await probeFilesystem(disk, `${root}/probe`, options.workspace);
  const { actor, allowSetClock, setClock } = options;
  const shared = options.shared ? (['shared'] as const) : [];
  const features = ['packs', 'packs-2', ...RECORD_FEATURES, ...shared] as const;
  const first = foundation(ports, { actor, allowSetClock, features, setClock });
  await layOut(disk, layout, first.formatBytes);
  await disk.writeFile(layout.object(first.policy), first.policyBytes, { mode: 0o444, sync: true });
  // Named like a file staged under a lease, so that leftovers of a power cut are removed as such.
  await new LedgerFiles(disk, layout).append(first.entry, first.entryBytes, random.hex(12));
  for (const dir of [layout.objectDir(first.policy), layout.objects, layout.ledger, root]) {
    await disk.syncDir(dir);
  }
}

/**
 * Creates a store: built beside its final place and renamed, so that a partial one is never visible. CONFLICT when
 * there is one already; SYSTEM when the filesystem is unsuitable.
 */
export async function initStore(ports: InitPorts, options: CreateRequest): Promise<LocalBackend> {
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
    // After mkdir, which ignores the setgid bit.
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
  return LocalBackend.open(ports, root);
}
