import type { Catalog } from '../../core/catalog/catalog.js';
import { TablesDamaged } from '../../core/catalog/key-tables.js';
import { LedgerDigest } from '../../core/catalog/ledger-digest.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import { keptIndexes, rootsOf } from '../../store/collector/mark.js';
import type { LedgerVerdict } from '../../store/ledger/ledger-verdict.js';
import { examineLedger } from '../../store/ledger/verify-ledger.js';
import { HINT_REPAIR, HINT_STRAY, type RepairableFinding } from '../../store/port/finding.js';
import type { Session } from '../session/session.js';
import { checkArtifacts, expectationsOf } from './check-artifacts.js';
import { checkObjects, type ObjectCheckOptions } from './check-objects.js';
import { checkRemoved } from './check-removed.js';
import type { Expectations } from './expectations.js';
import { type ObjectMarks, PlacedObjects } from './placed-objects.js';

/** What was looked at. */
export interface CheckedCounts {
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
}

function ledgerFindings(verdict: LedgerVerdict): RepairableFinding[] {
  return verdict.problems.map(({ kind, message, path, seq, object }) => ({
    severity: kind === 'stray' ? 'stray' : 'damage',
    subject: path ?? `ledger entry ${seq}`,
    message,
    hint:
      kind === 'stray'
        ? HINT_STRAY
        : kind === 'rolled_back'
          ? 'if you restored this store from a copy on purpose: hs ledger accept-rollback'
          : kind === 'object'
            ? `${HINT_REPAIR} --from COPY`
            : 'restore the store from a copy',
    ...(object === undefined ? {} : { wanted: [object] }),
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
    return await store.withProvenCatalog(() => look(() => store.catalog(signal)));
  } catch (e) {
    const broken = isHsError(e, 'LEDGER_BROKEN', 'OBJECT_MISSING', 'INTEGRITY', 'INVALID_RECORD');
    if (!broken && !isErrno(e, 'ENOENT')) throw e;
    return undefined;
  }
}

/** Derived, so nothing is lost with it. */
function findingOfIndex(place: string, wrong: string): RepairableFinding {
  const subject = place.split('/').slice(-2).join('/');
  const hint = 'nothing is lost: a command that may write to the store makes it anew';
  return { severity: 'misplaced', subject, message: `${subject}: the catalog index ${wrong}`, hint };
}

/** What artifacts expect of objects, by an index that is what the ledger says: any other is reported and made anew. */
async function findExpectations(
  session: Session,
  fold: LedgerDigest,
  objects: PlacedObjects,
  report: (finding: RepairableFinding) => void,
): Promise<Expectations | undefined> {
  const { index } = session.store;
  const expected = await foldable(session, async (state) => {
    try {
      return await expectationsOf(session, await state(), fold, objects);
    } catch (e) {
      if (!(e instanceof TablesDamaged) || index?.place === undefined) throw e;
      report(findingOfIndex(index.place, `does not match the ledger: ${e.message}`));
      await index.forget();
      return expectationsOf(session, await state(), fold, objects);
    }
  });
  // Its bytes prove themselves as they are read, and the ledger is read instead.
  if (expected !== undefined && index?.damage !== undefined && index.place !== undefined) {
    report(findingOfIndex(index.place, `is damaged: ${index.damage.message}`));
    await index.forget();
  }
  return expected;
}

/** A store after one check of everything. */
export interface Checked {
  readonly verdict: LedgerVerdict;
  readonly findings: readonly RepairableFinding[];
  readonly objects: PlacedObjects;
  readonly references: References | undefined;
  readonly counts: CheckedCounts;
}

/** Expects that a lease is held, if possible. */
export async function checkAll(session: Session, options: ObjectCheckOptions): Promise<Checked> {
  const { store } = session;
  // Not held any longer than it is asked: it takes 70 bytes an artifact.
  let fold: LedgerDigest | undefined = new LedgerDigest();
  const { verdict, isFoldable } = await examineLedger(store, session.progress, session.signal, fold);
  const names = await store.check();
  const objects = new PlacedObjects(2 * fold.size);
  // A directory that cannot be listed is among those findings.
  const unlistable = () => undefined;
  for await (const group of store.inventory.groups({ sizes: true, unlistable, unheld: true })) {
    objects.addAll(group);
    session.signal.throwIfAborted();
  }
  const ofIndex: RepairableFinding[] = [];
  const expected = isFoldable
    ? await findExpectations(session, fold, objects, (finding) => ofIndex.push(finding))
    : undefined;
  fold = undefined;
  const checked = await checkObjects(session, objects, expected, options);
  const references =
    expected &&
    (await foldable(session, (state) => checkReferences(session, state, objects, expected, checked.damaged)));
  const { unreferenced, trash } = objects.usage(references?.reachable);
  return {
    verdict,
    findings: [
      ...ledgerFindings(verdict),
      ...checked.findings,
      ...(references?.findings ?? []),
      ...ofIndex,
      ...names,
    ],
    objects,
    references,
    counts: {
      checked: {
        entries: verdict.entries,
        ...(references === undefined ? {} : { artifacts: references.artifacts }),
        objects: checked.objects,
        size_bytes: checked.bytes,
      },
      ...(references === undefined ? {} : { unreferenced }),
      trash,
    },
  };
}
