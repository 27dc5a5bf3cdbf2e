import { TablesDamaged } from '../../core/catalog/key-tables.js';
import { type DoctorCheck, ok, problem, warning } from '../../core/health-check.js';
import { type Timestamp, toTimestamp } from '../../core/objects/ids.js';
import { escapeText } from '../../core/text/escape-control.js';
import { counted, humanSize } from '../../core/text/human.js';
import { FREE_SPACE } from '../../errors/errno-meaning.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import { isClockBehind } from '../../store/collector/check-clock.js';
import { findDeadLeases } from '../../store/collector/find-dead-leases.js';
import { HINT_REPAIR, HINT_STRAY } from '../../store/port/finding.js';
import type { LeaseTable } from '../../store/port/lease-table.js';
import { journaledDestinations } from '../export/export-journal.js';
import { outputRootOf } from '../export/output-root.js';
import type { Session } from '../session/session.js';

/** Tests the store's filesystem under a lease, as every command does. */
async function checkAbilities({ store }: Session): Promise<DoctorCheck[]> {
  const { leases } = store;
  let lease: Awaited<ReturnType<typeof leases.take>>;
  try {
    lease = await leases.take();
  } catch (e) {
    if (isHsError(e, 'REFUSED')) return [warning('writable', e.message, e.hint ?? 'work as its owner')];
    if (!isErrno(e)) throw e;
    if (e.code === 'ENOSYS') {
      const mend = 'reinstall hs: the package fs-native-extensions cannot be loaded on this system';
      return [problem('locks', 'files cannot be locked, so the store is read-only', mend)];
    }
    const what = `the store cannot be written: ${e.code}`;
    return [warning('writable', what, 'reading works; to write, check owner, mode and mount')];
  }
  try {
    return [...(await store.tryOut(lease.token))];
  } catch (e) {
    if (isHsError(e, 'SYSTEM', 'OFFLINE'))
      return [problem('writable', e.message, e.hint ?? 'move the store')];
    if (!isErrno(e)) throw e;
    return [problem('writable', `the store cannot be written: ${e.message}`, 'check space, owner and mode')];
  } finally {
    await lease.release();
  }
}

async function checkLedger(session: Session): Promise<DoctorCheck[]> {
  const { store } = session;
  try {
    const head = await store.anchor.checkedHead();
    const { entry } = await store.ledger.read(head.seq);
    const seen = await store.anchor.read();
    return [
      ok('ledger', `ends at entry ${head.seq}`),
      seen === undefined || seen.seq < head.seq || !(await store.anchor.isWritable())
        ? warning(
            'anchor',
            `cannot be kept${store.anchor.path === undefined ? '' : ` in '${store.anchor.path}'`}${seen === undefined ? '' : `: it stays at entry ${seen.seq}`}`,
            'make that directory writable, so that a rollback is detected',
          )
        : ok('anchor', `entry ${seen.seq} in '${store.anchor.path}'`),
      clockCheck(session, entry.at),
    ];
  } catch (e) {
    if (!isHsError(e, 'LEDGER_BROKEN', 'ROLLED_BACK')) throw e;
    return [problem('ledger', e.message, e.hint ?? 'hs ledger verify')];
  }
}

function clockCheck(session: Session, newest: Timestamp): DoctorCheck {
  const nowMs = session.clock.now();
  const now = toTimestamp(nowMs);
  if (!isClockBehind(nowMs, newest)) return ok('clock', now);
  return problem(
    'clock',
    `it says ${now}, but the newest ledger entry says ${newest}: nothing is collected until then`,
    'correct the clock, for example with: timedatectl set-ntp true',
  );
}

async function checkDeadLease(leases: LeaseTable, token: string): Promise<DoctorCheck> {
  const dead = await leases.judge(token);
  let left = '';
  try {
    const places = journaledDestinations(dead?.journal ?? []);
    if (dead?.foreign) left = ' and was not written by your own hs here: its journal is ignored';
    else if (places.length > 0)
      left = `, and may have left something beside '${escapeText(places.join("', '"))}'`;
  } catch (e) {
    if (!(e instanceof HsError)) throw e;
    left = `: ${e.message}`;
  } finally {
    await dead?.leave();
  }
  return warning(
    'lease',
    `${token} belongs to a command that died${left}`,
    `the next command that writes, or hs fsck --repair, cleans up or says why it cannot; to abandon its work: hs gc --assume-dead ${token}`,
  );
}

async function checkLeases({ store }: Session): Promise<DoctorCheck[]> {
  const staged = await store.inventory.staged();
  const { dead, alive } = await findDeadLeases(store.leases);
  const checks: DoctorCheck[] = [];
  for (const token of dead) checks.push(await checkDeadLease(store.leases, token));
  const known = new Set([...dead, ...alive]);
  const orphans = staged.filter((s) => !known.has(s.lease));
  const leftovers = orphans.filter((s) => !s.isStray);
  if (leftovers.length > 0) {
    checks.push(
      warning(
        'temporaries',
        `${counted(leftovers.length, 'file')} in tmp/ of no running command`,
        HINT_REPAIR,
      ),
    );
  }
  const strays = orphans.filter((s) => s.isStray);
  if (strays.length > 0) {
    const found = `not staged by hs: ${strays.map((s) => `'tmp/${s.name}'`).join(', ')}`;
    checks.push(warning('temporaries', found, HINT_STRAY));
  }
  const work = alive.length === 0 ? 'no command is running' : `${alive.length} held by running commands`;
  return checks.length === 0 ? [ok('leases', work)] : [...checks, ok('leases', work)];
}

/** Nothing is wrong with the store, but somebody has to look at it. */
async function checkQuarantine({ store }: Session): Promise<DoctorCheck[]> {
  const { files, size_bytes } = await store.inventory.quarantine();
  if (files === 0) return [];
  const found = `${counted(files, 'damaged file')} (${humanSize(size_bytes)}), set aside by hs fsck --repair`;
  return [warning('quarantine', found, 'look at quarantine/ in the store, then remove what is there')];
}

/** A store from elsewhere works, but not everything in its policy takes effect. */
async function checkStanding(session: Session): Promise<DoctorCheck[]> {
  const { store } = session;
  if (!(await store.local.trust.isAccepted())) {
    const found =
      'this user neither created nor accepted this store here: its policy applies only inside its workspace';
    return [warning('standing', found, 'if you trust it: hs doctor --accept')];
  }
  const { refused } = await outputRootOf(store.local, await session.policy(await session.catalog()));
  return [
    refused === undefined
      ? ok('standing', 'created or accepted by this user')
      : warning('standing', refused, 'if you trust it: hs doctor --accept'),
  ];
}

/** The index is derived: without it answers are slower but the same. */
async function checkIndex({ store }: Session): Promise<DoctorCheck> {
  const slow = (why: string, mend = `remove '${store.index?.place ?? 'cache/ in the store'}'`) =>
    warning('index', `${why}: every command reads the whole ledger`, mend);
  const absent = slow('it is not there', 'hs ls builds it if the store is writable');
  try {
    const catalog = await store.catalog();
    const { index } = store;
    if (await index?.isShort()) return slow('the disk is nearly full, so the index is not used', FREE_SPACE);
    if (index?.place === undefined)
      return slow('there is no directory for its key', 'set XDG_STATE_HOME to a persistent directory');
    if (!(await index.isKept())) return absent;
    // Damage is found by reading the index, which is then discarded.
    await catalog.prove();
    if (index.damage !== undefined) {
      const mend = 'nothing to do: it was discarded, and hs ls rebuilds it';
      return warning('index', 'it was damaged; answers came from the ledger', mend);
    }
    return ok('index', `${counted(catalog.counts.live, 'artifact')}, up to entry ${catalog.head.seq}`);
  } catch (e) {
    if (isErrno(e)) return absent;
    if (e instanceof TablesDamaged) {
      await store.index?.discard(e);
      return warning('index', `${e.message}, so it was thrown away`, 'nothing to do: hs ls makes it anew');
    }
    // Damage to the ledger has been reported separately.
    if (isHsError(e)) return warning('index', e.message, 'hs fsck lists all damage');
    if (e instanceof Error) return slow(`it cannot be loaded: ${e.message.split('\n')[0]}`);
    throw e;
  }
}

/** Expects a store opened `unchecked`, so that a damaged one is checked too. */
export async function checkStore(session: Session): Promise<DoctorCheck[]> {
  const { store } = session;
  const checks: (() => Promise<DoctorCheck[]>)[] = [
    async () => [...(await store.examine())],
    () => checkLeases(session),
    () => checkQuarantine(session),
    () => checkAbilities(session),
    () => checkStanding(session),
    () => checkLedger(session),
    async () => [await checkIndex(session)],
  ];
  const all = [ok('store', store.local.directory)];
  for (const run of checks) {
    try {
      all.push(...(await run()));
    } catch (e) {
      if (!isErrno(e) && !(e instanceof HsError)) throw e;
      all.push(problem('store', e.message, 'run hs fsck'));
    }
  }
  return all;
}
