import type { Catalog } from '../../core/catalog/catalog.js';
import {
  blockHint,
  type Culprit,
  clearsRemoved,
  culpritsOf,
  describeCulprit,
  type GuardSubject,
  guardExport,
} from '../../core/guard/guard.js';
import type { ExportTarget } from '../../core/guard/target-kinds.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { isAllowed } from '../../core/policy/authorize.js';
import type { CapabilityId } from '../../core/policy/capabilities.js';
import type { Budget, Policy } from '../../core/policy/policy.js';
import { escapeText } from '../../core/text/escape-control.js';
import type { ErrorCode } from '../../errors/hs-error.js';
import { isRestorable } from '../gc/restore.js';
import { guardSubject } from '../guard/guard-subject.js';
import type { PayloadEntry } from '../payload/payload-source.js';
import type { Content } from '../payload/read-content.js';
import type { Session } from '../session/session.js';
import { holdsFullDebugBundle } from './full-debug-bundle.js';
import { within } from './output-root.js';

/** One objection to an export; all are collected before any is reported. */
export interface Objection {
  readonly code: ErrorCode;
  readonly why: string;
  readonly hint: string;
}

/** The decision about content, wherever it would go. */
export interface LeavingDecision {
  readonly objections: readonly Objection[];
  /** The guard's objections, for programs. */
  readonly heldBackBy: readonly Culprit[];
  /** Readable by the owner only, because something in it is high. */
  readonly isPrivate: boolean;
}

/**
 * Decides whether the content of an artifact may leave the store (B5, B6, B8). `entries` are the files that would, for
 * the budgets.
 */
export async function decideLeaving(
  session: Session,
  catalog: Catalog,
  policy: Policy,
  content: Content,
  entries: readonly PayloadEntry[],
  asked: { readonly consents: readonly ObjectId[]; readonly target: ExportTarget | undefined },
): Promise<LeavingDecision> {
  const subject = await guardSubject(session.store.objects, catalog, content);
  const isPrivate = holdsHigh(subject);
  const consents = new Set(asked.consents);
  const heldBackBy = culpritsOf(guardExport(subject, consents, asked.target?.kind));
  const objections = [
    // Exporting is reading: consent does not grant access to high content (B5).
    ...(isPrivate ? demanded(session, policy, 'artifact.read:restricted') : []),
    // Consent allows for removed content what takes a reclassification for live content.
    ...(clearsRemoved(subject, consents) ? demanded(session, policy, 'artifact.reclassify') : []),
    ...(await fullBundleObjection(session, policy, content)),
    ...(await guardObjections(session, catalog, heldBackBy, content.record.artifact_id.slice(0, 8))),
    ...budgetObjections(policy.export.budgets[session.actor.type], entries),
  ];
  return { objections, heldBackBy, isPrivate };
}

/** Grants in a policy that came with a store reach no further than its workspace. People act on their own authority. */
export async function farObjection({ store, actor }: Session, target: string): Promise<Objection[]> {
  if (actor.type === 'human' || within(store.local.workspace, target) !== undefined) return [];
  if (await store.local.trust.isAccepted()) return [];
  const why = `'${escapeText(target)}' is outside the workspace of a store that you have not accepted`;
  return [{ code: 'REFUSED', why, hint: 'if you trust this store: hs doctor --accept' }];
}

export function lacking(
  { actor }: Session,
  capability: CapabilityId,
  where = '',
  hint = 'hs policy show lists the grants',
): Objection {
  const why = `'${actor.type}:${actor.id}' lacks the capability '${capability}'${where}`;
  return { code: 'REFUSED', why, hint };
}

/** The objection of an actor that lacks the capability, if it does. */
export function demanded(session: Session, policy: Policy, capability: CapabilityId): Objection[] {
  return isAllowed(policy, session.actor, capability) ? [] : [lacking(session, capability)];
}

/** An unredacted debug bundle stays in the store, unless the policy allows otherwise. */
async function fullBundleObjection(
  { store }: Session,
  { export: { full_debug_bundles: allowed } }: Policy,
  { record, entries = [] }: Content,
): Promise<Objection[]> {
  if (allowed === true || !(await holdsFullDebugBundle(store.objects, record, entries))) return [];
  const why = 'it is a full debug bundle, or holds one, and the policy does not let those out';
  const hint =
    'hs bundle debug --mode safe makes one to share; export.full_debug_bundles in the policy allows it';
  return [{ code: 'GUARD_BLOCKED', why, hint }];
}

async function guardObjections(
  session: Session,
  catalog: Catalog,
  culprits: readonly Culprit[],
  id: string,
): Promise<Objection[]> {
  const told = culprits.slice(0, MOST_REASONS);
  const restorable = new Set<ArtifactId>();
  for (const { subject } of told) {
    const record = subject.artifactId === undefined ? undefined : await catalog.get(subject.artifactId);
    if (record?.removed !== undefined && (await isRestorable(session, record)))
      restorable.add(record.artifact_id);
  }
  const hint = blockHint(told, id, restorable);
  return told.map((culprit) => ({ code: 'GUARD_BLOCKED', why: describeCulprit(culprit), hint }));
}

/** For a directory with 10,000 blocked files, the first few say enough. */
export const MOST_REASONS = 10;

function budgetObjections(budget: Budget | undefined, entries: readonly PayloadEntry[]): Objection[] {
  if (budget === undefined) return [];
  const largest = entries.reduce((max, e) => Math.max(max, e.size), 0);
  return [
    ...overTotals(budget, totalsOf(entries), 'its'),
    ...over('the bytes of its largest file are', largest, budget.file_bytes),
  ];
}

/** What counts towards a budget. */
export interface Totals {
  readonly bytes: number;
  readonly files: number;
}

export function totalsOf(entries: readonly PayloadEntry[]): Totals {
  return { bytes: entries.reduce((sum, e) => sum + e.size, 0), files: entries.length };
}

/** The objections to these totals of one export; `whose` says of what they are. */
export function overTotals(budget: Budget, { bytes, files }: Totals, whose: string): Objection[] {
  return [
    ...over(`${whose} bytes are`, bytes, budget.total_bytes),
    ...over(`${whose} files are`, files, budget.files),
  ];
}

function over(what: string, is: number, may: number): Objection[] {
  if (is <= may) return [];
  const why = `${what} ${is}, the budget is ${may}`;
  return [{ code: 'BUDGET', why, hint: 'hs policy show lists the budgets' }];
}

function holdsHigh(subject: GuardSubject): boolean {
  return subject.classification === 'high' || (subject.members ?? []).some(holdsHigh);
}
