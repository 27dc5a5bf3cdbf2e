import type { Catalog } from '../../core/catalog/catalog.js';
import {
  blockHint,
  type Culprit,
  clearsRemoved,
  culpritDetails,
  culpritsOf,
  describeCulprit,
  type GuardSubject,
  guardExport,
} from '../../core/guard/guard.js';
import type { ExportFormat } from '../../core/ledger/export-formats.js';
import { labelOf } from '../../core/manifest/label-of.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { isAllowed } from '../../core/policy/authorize.js';
import type { CapabilityId } from '../../core/policy/capabilities.js';
import type { Budget, Policy } from '../../core/policy/policy.js';
import { escapeText } from '../../core/text/escape-control.js';
import { type ErrorCode, HsError } from '../../errors/hs-error.js';
import { hasFeature } from '../../store/port/format.js';
import { isRestorable } from '../gc/restore.js';
import { guardSubject } from '../guard/guard-subject.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import type { PayloadEntry } from '../payload/payload-source.js';
import { type Content, readContent } from '../payload/read-content.js';
import type { Session } from '../session/session.js';
import { type ExportRequest, formatOfEnding, type Shape } from './export-request.js';
import { holdsFullDebugBundle } from './full-debug-bundle.js';
import { outputRootOf, within } from './output-root.js';
import { type Placed, placeExport } from './place-export.js';
import { exportedEntries, writtenEntries } from './written-entries.js';

/** One objection to an export; all are collected before any is reported. */
interface Objection {
  readonly code: ErrorCode;
  readonly why: string;
  readonly hint: string;
}

/** A planned export and the decision about it. */
export interface Decision {
  readonly content: Content;
  readonly shape: Shape;
  readonly placed: Placed;
  readonly policy: Policy;
  readonly policyId: ObjectId;
  readonly capability: CapabilityId;
  readonly objections: readonly Objection[];
  /** The guard's objections, for programs. */
  readonly heldBackBy: readonly Culprit[];
  /** Readable by the owner only, because something in it is high. */
  readonly isPrivate: boolean;
}

/** Decides about an export in one state of the store: capability, guard and budget together (B5, B6, B8). */
export async function decideExport(
  session: Session,
  catalog: Catalog,
  request: ExportRequest,
): Promise<Decision> {
  const record = await resolveArtifact(catalog, request.artifact);
  const policy = await session.policy(catalog);
  const content = await readContent(session.store.objects, record);
  const shape = shapeOf(session, request, content);
  const unbounded = isAllowed(policy, session.actor, 'artifact.export');
  const { workspace } = session.store.local;
  const placed = await placeExport(session.disk, request.place, {
    workspace,
    outputRoot: await outputRootOf(session.store.local, policy),
    record,
    format: shape.format,
    onlyRoot: !unbounded,
  });
  const capability: CapabilityId =
    unbounded || !placed.bounded ? 'artifact.export' : 'artifact.export:output_root';
  const subject = await guardSubject(session.store.objects, catalog, content);
  const isPrivate = holdsHigh(subject);
  const consents = new Set(request.consents ?? []);
  const heldBackBy = culpritsOf(guardExport(subject, consents, request.target?.kind));
  const objections = [
    ...capabilityObjection(session, policy, capability, placed),
    ...placeObjection(placed),
    ...(await farObjection(session, request.place.kind, placed)),
    // Exporting is reading: consent does not grant access to high content (B5).
    ...(isPrivate ? demanded(session, policy, 'artifact.read:restricted') : []),
    // Consent allows for removed content what takes a reclassification for live content.
    ...(clearsRemoved(subject, consents) ? demanded(session, policy, 'artifact.reclassify') : []),
    ...(await fullBundleObjection(session, policy, content)),
    ...(await guardObjections(session, catalog, heldBackBy, record.artifact_id.slice(0, 8))),
    ...budgetObjections(policy.export.budgets[session.actor.type], shape),
  ];
  return {
    content,
    shape,
    placed,
    policy,
    policyId: catalog.policyId,
    capability,
    objections,
    heldBackBy,
    isPrivate,
  };
}

/** The error of a refused export: the first objection sets the code, the message lists all. */
export function refusal({ content, objections, heldBackBy }: Decision): HsError {
  const [first] = objections;
  const label = escapeText(labelOf(content.record));
  return new HsError(first!.code, `cannot export '${label}': ${objections.map((o) => o.why).join('; ')}`, {
    hint: first!.hint,
    details: {
      artifact_id: content.record.artifact_id,
      reasons: objections.map((o) => o.why),
      ...(heldBackBy.length === 0
        ? {}
        : { held_back_by: heldBackBy.slice(0, MOST_REASONS).map(culpritDetails) }),
    },
  });
}

function shapeOf(session: Session, request: ExportRequest, content: Content): Shape {
  const { record } = content;
  const isDirectory = record.payload_type === 'directory';
  const toStdout = request.place.kind === 'stdout';
  const wantsTree = isDirectory || request.withManifest === true;
  const { place, byEnding } = request;
  const named = byEnding === true && place.kind === 'path' ? formatOfEnding(place.path) : undefined;
  const format: ExportFormat = request.format ?? (wantsTree ? (named ?? (toStdout ? 'tar' : 'dir')) : 'file');
  if (format === 'file' && wantsTree) {
    const what = isDirectory ? 'a directory' : 'a file with its manifest';
    throw new HsError('USAGE', `${what} cannot be exported as one file`, {
      hint: 'use --format dir, tar or tar.gz',
    });
  }
  if ((format === 'dir' || format === 'oci') && toStdout) {
    throw new HsError('USAGE', 'a directory cannot be written to standard output', {
      hint: 'use --format tar',
    });
  }
  if (format === 'oci') demandRecordable(session);
  const withManifest = request.withManifest === true;
  const entries = exportedEntries(session, content, format, withManifest);
  let written: Promise<readonly PayloadEntry[]> | undefined;
  return {
    format,
    entries,
    written: () => {
      written ??=
        format === 'oci' ? writtenEntries(session, content, format, withManifest) : Promise.resolve(entries);
      return written;
    },
  };
}

function demandRecordable({ store }: Session): void {
  if (hasFeature(store.format, 'transfers')) return;
  throw new HsError('USAGE', "export records of this store cannot contain the format 'oci'", {
    hint: 'the store was created by an older hs; hs push copies artifacts to a store of this version',
  });
}

function capabilityObjection(
  session: Session,
  policy: Policy,
  capability: CapabilityId,
  placed: Placed,
): Objection[] {
  if (isAllowed(policy, session.actor, capability)) return [];
  if (!isAllowed(policy, session.actor, 'artifact.export:output_root')) return [lacking(session, capability)];
  const where = placed.bounded ? '' : ` outside the output root '${policy.export.output_root}'`;
  return [lacking(session, capability, where, 'omit the destination to export below the output root')];
}

function placeObjection({ refused: why, unsafe }: Placed): Objection[] {
  if (unsafe !== undefined) {
    return [{ code: unsafe.code, why: unsafe.message, hint: unsafe.hint ?? 'choose another destination' }];
  }
  if (why === undefined) return [];
  return [{ code: 'REFUSED', why, hint: 'give a destination; hs doctor --accept accepts an output root' }];
}

/** Grants in a policy that came with a store reach no further than its workspace. People act on their own authority. */
async function farObjection(
  { store, actor }: Session,
  kind: ExportRequest['place']['kind'],
  { target }: Placed,
): Promise<Objection[]> {
  if (kind === 'stdout' || actor.type === 'human' || within(store.local.workspace, target) !== undefined)
    return [];
  if (await store.local.trust.isAccepted()) return [];
  const why = `'${escapeText(target)}' is outside the workspace of a store that you have not accepted`;
  return [{ code: 'REFUSED', why, hint: 'if you trust this store: hs doctor --accept' }];
}

function lacking(
  { actor }: Session,
  capability: CapabilityId,
  where = '',
  hint = 'hs policy show lists the grants',
): Objection {
  const why = `'${actor.type}:${actor.id}' lacks the capability '${capability}'${where}`;
  return { code: 'REFUSED', why, hint };
}

function demanded(session: Session, policy: Policy, capability: CapabilityId): Objection[] {
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
const MOST_REASONS = 10;

function budgetObjections(budget: Budget | undefined, { entries }: Shape): Objection[] {
  if (budget === undefined) return [];
  const total = entries.reduce((sum, e) => sum + e.size, 0);
  const largest = entries.reduce((max, e) => Math.max(max, e.size), 0);
  const over = (what: string, is: number, may: number): Objection[] =>
    is <= may
      ? []
      : [
          {
            code: 'BUDGET',
            why: `${what} ${is}, the budget is ${may}`,
            hint: 'hs policy show lists the budgets',
          },
        ];
  return [
    ...over('its bytes are', total, budget.total_bytes),
    ...over('its files are', entries.length, budget.files),
    ...over('the bytes of its largest file are', largest, budget.file_bytes),
  ];
}

function holdsHigh(subject: GuardSubject): boolean {
  return subject.classification === 'high' || (subject.members ?? []).some(holdsHigh);
}
