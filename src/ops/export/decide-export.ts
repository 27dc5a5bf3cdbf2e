import { archiveTime, demandArchiveTime } from '../../archive/archive-time.js';
import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { culpritDetails } from '../../core/guard/guard.js';
import type { ExportFormat } from '../../core/ledger/export-formats.js';
import { labelOf } from '../../core/manifest/label-of.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { isAllowed } from '../../core/policy/authorize.js';
import type { CapabilityId } from '../../core/policy/capabilities.js';
import type { Policy } from '../../core/policy/policy.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError } from '../../errors/hs-error.js';
import { hasFeature } from '../../store/port/format.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import type { PayloadEntry } from '../payload/payload-source.js';
import { type Content, readContent } from '../payload/read-content.js';
import type { Session } from '../session/session.js';
import {
  type ExportPlace,
  type ExportRequest,
  foreignEnding,
  formatOfEnding,
  type Shape,
} from './export-request.js';
import {
  decideLeaving,
  farObjection,
  type LeavingDecision,
  lacking,
  MOST_REASONS,
  type Objection,
} from './leaving.js';
import { outputRootOf } from './output-root.js';
import { type Placed, placeExport } from './place-export.js';
import { exportedFiles, writtenFiles } from './written-files.js';

/** A planned export and the decision about it. */
export interface Decision extends LeavingDecision {
  readonly content: Content;
  readonly shape: Shape;
  readonly placed: Placed;
  readonly policy: Policy;
  readonly policyId: ObjectId;
  readonly capability: CapabilityId;
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
  const asked = { consents: request.consents ?? [], target: request.target };
  const leaving = await decideLeaving(session, catalog, policy, content, shape.entries, asked);
  const others = [
    ...placeObjection(placed),
    ...(request.place.kind === 'stdout' ? [] : await farObjection(session, placed.target)),
    ...leaving.objections,
  ];
  // Where something else is in the way too, no command would do.
  const way = others.length === 0 ? allowedWay({ record, place: request.place }) : undefined;
  const objections = [...capabilityObjection(session, policy, capability, placed, way), ...others];
  return {
    content,
    shape,
    placed,
    policy,
    policyId: catalog.policyId,
    capability,
    ...leaving,
    objections,
  };
}

/** The error of a refused export: the first objection sets the code, the message lists all. */
export function exportRefusal({
  content,
  objections,
  heldBackBy,
}: Pick<Decision, 'content' | 'objections' | 'heldBackBy'>): HsError {
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
  const foreign =
    named === undefined && byEnding === true && place.kind === 'path' && foreignEnding(place.path);
  if (foreign && wantsTree && request.format === undefined) {
    throw new HsError('USAGE', `'${foreign}' is not an archive that hs writes`, {
      hint: 'use .tar or .tar.gz; for a directory of that name, --format dir',
    });
  }
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
  if (format === 'tar' || format === 'tar.gz') demandArchiveTime(archiveTime(request.mtime));
  const withManifest = request.withManifest === true;
  const entries = exportedFiles(session, content, format, withManifest);
  let written: Promise<readonly PayloadEntry[]> | undefined;
  return {
    format,
    entries,
    written: () => {
      written ??=
        format === 'oci' ? writtenFiles(session, content, format, withManifest) : Promise.resolve(entries);
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
  way: string | undefined,
): Objection[] {
  if (isAllowed(policy, session.actor, capability)) return [];
  if (!isAllowed(policy, session.actor, 'artifact.export:output_root')) return [lacking(session, capability)];
  const where = placed.bounded ? '' : ` outside the output root '${policy.export.output_root}'`;
  return [lacking(session, capability, where, way)];
}

/** What an actor may do that is bound to the output root: a command, since that which was typed may need a destination. */
function allowedWay({
  record,
  place,
}: {
  readonly record: ArtifactRecord;
  readonly place: ExportPlace;
}): string {
  const id = record.artifact_id.slice(0, 8);
  return place.kind === 'stdout' && record.payload_type === 'file'
    ? `hs cat-artifact ${id} prints its bytes`
    : `hs export ${id}, without a destination, writes below the output root`;
}

function placeObjection({ refused: why, unsafe }: Placed): Objection[] {
  if (unsafe !== undefined) {
    return [{ code: unsafe.code, why: unsafe.message, hint: unsafe.hint ?? 'choose another destination' }];
  }
  if (why === undefined) return [];
  return [{ code: 'REFUSED', why, hint: 'give a destination; hs doctor --accept accepts an output root' }];
}
