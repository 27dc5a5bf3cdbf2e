import type { Catalog } from '../../core/catalog/catalog.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import { keptIndexes, rootsOf } from '../../store/collector/mark.js';
import type { LedgerVerdict } from '../../store/ledger/ledger-verdict.js';
import { examineLedger } from '../../store/ledger/verify-ledger.js';
import { type Finding, HINT_LOST, HINT_STRAY, type RepairableFinding } from '../../store/port/finding.js';
import type { Lease } from '../../store/port/lease-table.js';
import type { Session } from '../session/session.js';
import { checkArtifacts, expectationsOf } from './check-artifacts.js';
import { checkObjects, type ObjectCheckOptions } from './check-objects.js';
import { checkRemoved } from './check-removed.js';
import type { Expectations } from './expectations.js';
import { type ObjectMarks, PlacedObjects } from './placed-objects.js';
import { repairFindings } from './repair.js';

export interface FsckOptions extends ObjectCheckOptions {
  readonly repair: boolean;
}

export interface FsckReport {
  readonly ok: boolean;
  readonly findings: readonly (Finding & { readonly repaired: boolean })[];
  readonly checked: {
    readonly entries: number;
    /** Undefined: the ledger is too damaged to tell. */
    readonly artifacts?: number;
    readonly objects: number;
    readonly size_bytes: number;
  };
  /** Objects in objects/ that nothing names: left to a collection, and not a problem. */
  readonly unreferenced?: { readonly objects: number; readonly size_bytes: number };
  readonly trash: { readonly batches: number; readonly objects: number; readonly size_bytes: number };
  readonly repaired: number;
}

function ledgerFindings(verdict: LedgerVerdict): RepairableFinding[] {
  return verdict.problems.map(({ kind, message, path, seq }) => ({
    severity: kind === 'stray' ? 'stray' : 'damage',
    subject: path ?? `ledger entry ${seq}`,
    message,
    hint:
      kind === 'stray'
        ? HINT_STRAY
        : kind === 'rolled_back'
          ? 'if you restored this store from a copy on purpose: hs ledger accept-rollback'
          : kind === 'object'
            ? HINT_LOST
            : 'restore the store from a copy',
  }));
}

interface References {
  readonly artifacts: number;
  readonly findings: readonly RepairableFinding[];
  readonly reachable: ObjectMarks;
}

/** What of the objects that the ledger and live artifacts use is not as expected. */
async function checkReferences(
  session: Session,
  state: () => Promise<Catalog>,
  objects: PlacedObjects,
  expected: Expectations,
  damaged: ReadonlySet<ObjectId>,
): Promise<References> {
  const findings = await checkArtifacts(session, await state(), objects, expected, damaged);
  // Not a loss if removed meanwhile: its objects may be on their way to the trash.
  const now = await state();
  const standing: (typeof findings)[number][] = [];
  for (const finding of findings) {
    const { artifact_id: id } = finding;
    if (id === undefined || (await now.get(id))?.removed === undefined) standing.push(finding);
  }
  const removed = await checkRemoved(session, state, objects);
  const { reachable, artifacts } = expected;
  for await (const id of rootsOf(session.store, now, () => undefined)) reachable.add(id);
  for await (const id of keptIndexes(now)) reachable.add(id);
  return { artifacts, findings: [...standing, ...removed], reachable };
}

/**
 * What `look` finds in the state, by the index as far as it proves itself, else by the ledger; undefined if that cannot
 * be folded.
 */
async function foldable<T>(
  { store, signal }: Session,
  look: (state: () => Promise<Catalog>) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await store.provenly(() => look(() => store.catalog(signal)));
  } catch (e) {
    const broken = isHsError(e, 'LEDGER_BROKEN', 'OBJECT_MISSING', 'INTEGRITY', 'INVALID_RECORD');
    if (!broken && !isErrno(e, 'ENOENT')) throw e;
    return undefined;
  }
}

/** Objects in the trash, and unused objects outside it. */
async function account({ signal }: Session, objects: PlacedObjects, reachable: ObjectMarks | undefined) {
  const unreferenced = { objects: 0, size_bytes: 0 };
  const trash = { objects: 0, size_bytes: 0 };
  const batches = new Set<string>();
  for (const { id, place, size } of objects) {
    const turn = yieldToEvents();
    if (turn !== undefined) await turn;
    signal.throwIfAborted();
    const { batch } = place;
    if (batch !== undefined) batches.add(batch);
    else if (reachable?.has(id) !== false) continue;
    const into = batch === undefined ? unreferenced : trash;
    into.objects += 1;
    into.size_bytes += size;
  }
  return { unreferenced, trash: { batches: batches.size, ...trash } };
}

/**
 * Checks the whole store and reports what is foreign, lost or changed (E2). Runs under a lease where possible, so that
 * no collector purges meanwhile; a store without its leases directory is checked too.
 */
export async function fsck(session: Session, options: FsckOptions): Promise<FsckReport> {
  let lease: Lease | undefined;
  try {
    lease = await session.store.leases.take();
  } catch (e) {
    if (!isErrno(e) && !isHsError(e, 'REFUSED')) throw e;
  }
  try {
    return await check(session, options);
  } finally {
    await lease?.release();
  }
}

async function check(session: Session, options: FsckOptions): Promise<FsckReport> {
  const { store } = session;
  const { verdict, isFoldable } = await examineLedger(store, session.progress, session.signal);
  const names = await store.check();
  const objects = new PlacedObjects();
  // A directory that cannot be listed is among those findings.
  const unlistable = () => undefined;
  for await (const group of store.inventory.groups({ sizes: true, unlistable })) {
    objects.addAll(group);
    session.signal.throwIfAborted();
  }
  const expected = isFoldable
    ? await foldable(session, async (state) => expectationsOf(session, await state(), objects))
    : undefined;
  const checked = await checkObjects(session, objects, expected, options);
  const references =
    expected &&
    (await foldable(session, (state) => checkReferences(session, state, objects, expected, checked.damaged)));
  const findings = [
    ...ledgerFindings(verdict),
    ...checked.findings,
    ...(references?.findings ?? []),
    ...names,
  ];
  const repaired =
    options.repair && findings.length > 0
      ? await repair(session, verdict, references !== undefined, findings)
      : new Set<RepairableFinding>();
  const { unreferenced, trash } = await account(session, objects, references?.reachable);
  return {
    ok: findings.length === 0,
    findings: findings.map(({ repair: _, ...finding }, i) => ({
      ...finding,
      repaired: repaired.has(findings[i]!),
    })),
    checked: {
      entries: verdict.entries,
      ...(references === undefined ? {} : { artifacts: references.artifacts }),
      objects: checked.objects,
      size_bytes: checked.bytes,
    },
    ...(references === undefined ? {} : { unreferenced }),
    trash,
    repaired: repaired.size,
  };
}

/** A broken or rolled-back ledger must not grow: nothing is repaired then. */
async function repair(
  session: Session,
  verdict: LedgerVerdict,
  folds: boolean,
  findings: readonly RepairableFinding[],
) {
  // A lost object beside the chain, such as an old policy, leaves the chain intact.
  if (!folds || verdict.problems.some((p) => p.kind !== 'stray' && p.kind !== 'object')) {
    session.warn('nothing was repaired, because the ledger is damaged');
    return new Set<RepairableFinding>();
  }
  await session.store.anchor.checkedHead();
  return repairFindings(session, findings);
}
