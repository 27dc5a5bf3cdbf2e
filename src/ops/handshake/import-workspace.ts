import type { Catalog } from '../../core/catalog/catalog.js';
import type { HashForm } from '../../core/handshake/directory-hash.js';
import { FAULTS, type Fault, keepsOut } from '../../core/handshake/fault.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { encodeManifest, type Manifest } from '../../core/manifest/manifest.js';
import { encodeBundleIndex } from '../../core/objects/bundle-index.js';
import { type ArtifactId, type ObjectId, timestampMs } from '../../core/objects/ids.js';
import { ttlEndMs } from '../../core/retention/rule.js';
import { HsError } from '../../errors/hs-error.js';
import type { SafeDir } from '../../fsx/safe-dir.js';
import { stricterRevisions } from '../bundle/stricter-level.js';
import { restrictedContents } from '../guard/restricted-contents.js';
import { factsOf } from '../put/register-artifact.js';
import { pinCapability } from '../session/pin-capability.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { importReport } from './import-report.js';
import { type PlannedArtifact, planImport } from './plan-import.js';
import { type FoundWorkspace, openWorkspace, readWorkspace } from './read-workspace.js';
import { takeIn } from './take-in.js';

export interface WorkspaceOptions {
  /** TTL in days for sensitive artifacts without one (A6). */
  readonly ttl?: number;
}

/** An artifact of the workspace that exists here now, or would after the import. */
export interface WorkspaceArtifact {
  readonly artifactId: ArtifactId;
  readonly contentHash: ObjectId;
  /** The hash stated in the workspace, kept in the provenance. */
  readonly statedHash: ObjectId;
  readonly hashForm: HashForm;
  /** Its layer in the workspace. */
  readonly layer: string;
  readonly present: boolean;
  readonly tightened: boolean;
  /** Was approved or frozen there; only a promotion in this store can make it so here. */
  readonly demoted: boolean;
  readonly pinned: boolean;
  readonly ttlOver: boolean;
  readonly faults: readonly Fault[];
}

/** An artifact that is not imported. */
export interface RefusedArtifact {
  readonly layer: string;
  /** The name of its directory. */
  readonly name: string;
  readonly faults: readonly Fault[];
  readonly error: HsError;
}

export interface WorkspaceImport {
  readonly artifacts: readonly WorkspaceArtifact[];
  readonly refused: readonly RefusedArtifact[];
  /** Files that belong to no artifact. */
  readonly strays: readonly Fault[];
  /** The artifact with the report and each original manifest; absent if nothing was imported. */
  readonly report?: ArtifactId;
}

/** Name of the pin for artifacts that were pinned in their workspace. */
const PIN_NAME = 'handshake';

/** Reports progress, and stops at a signal between two chunks. */
function advancing({ progress, signal }: Session): (bytes: number) => void {
  return (bytes) => {
    signal.throwIfAborted();
    progress.advance(bytes);
  };
}

async function withWorkspace<T>(
  session: Session,
  path: string,
  use: (root: SafeDir, found: FoundWorkspace) => Promise<T>,
): Promise<T> {
  const root = await openWorkspace(session.disk, path);
  try {
    session.progress.start('reading', undefined, 'bytes');
    const found = await readWorkspace(root, advancing(session));
    return await use(root, found);
  } finally {
    await root.close();
    session.progress.done();
  }
}

async function planned(
  session: Session,
  catalog: Catalog,
  found: FoundWorkspace,
  { ttl }: WorkspaceOptions,
): Promise<PlannedArtifact[]> {
  const { of: restricted } = await restrictedContents(session.store.objects, catalog);
  return planImport(found.artifacts, { catalog, restricted, ttl });
}

/** The plan of an import: reads and hashes everything, and changes nothing (D5). */
export function planWorkspaceImport(
  session: Session,
  path: string,
  options: WorkspaceOptions = {},
): Promise<WorkspaceImport> {
  return withWorkspace(session, path, async (_, found) =>
    toWorkspaceImport(session, found, await planned(session, await session.catalog(), found, options)),
  );
}

/**
 * Imports the artifacts of a handshake_core workspace under their own ids: sound ones in one commit; the others are
 * left out and reported, each with its error. Hashes are verified before anything is stored. An artifact that exists
 * already is left unchanged, unless the workspace is stricter about it.
 */
export function importWorkspace(
  session: Session,
  path: string,
  options: WorkspaceOptions = {},
): Promise<WorkspaceImport> {
  const report = session.random.uuid() as ArtifactId;
  return session.write('bundle.import', [], (tx) =>
    withWorkspace(session, path, async (root, found) => {
      const before = await planned(session, await session.catalog(), found, options);
      session.progress.start('storing', undefined, 'bytes');
      await takeIn(
        root,
        before.filter((p) => p.outcome === 'new').map((p) => p.found),
        tx.batch,
        advancing(session),
      );
      session.progress.start('committing');
      let plan = before;
      const entry = await tx.commit(async (catalog) => {
        plan = await planned(session, catalog, found, options);
        const ops = await operations(session, tx, catalog, plan, options);
        if (ops.length === 0) return null;
        const { window_days: days } = (await session.policy(catalog)).retention.classes.log;
        const manifest = await importReport(session, tx, plan, found, { artifactId: report, days });
        const fresh = [...plan.filter((p) => p.outcome === 'new').map((p) => p.manifest!), manifest];
        return {
          type: 'artifact_created',
          payload: { artifacts: fresh.length, size_bytes: fresh.reduce((sum, m) => sum + m.size_bytes, 0) },
          ops: [...ops, await addition(tx, manifest)],
        };
      });
      const done = toWorkspaceImport(session, found, plan);
      return entry === undefined ? done : { ...done, report };
    }),
  );
}

async function addition(tx: Transaction, manifest: Manifest): Promise<LedgerOp> {
  return { op: 'add', ...factsOf(manifest, await tx.batch.addBytes(encodeManifest(manifest))) };
}

async function operations(
  session: Session,
  tx: Transaction,
  catalog: Catalog,
  plan: readonly PlannedArtifact[],
  { ttl }: WorkspaceOptions,
): Promise<LedgerOp[]> {
  const strict = plan.filter((p) => p.outcome === 'tightened').map((p) => p.manifest!);
  const ops: LedgerOp[] = await stricterRevisions(session, tx, catalog, strict, ttl);
  const pins: LedgerOp[] = [];
  for (const p of plan) {
    if (p.outcome !== 'new') continue;
    const { payload } = p.found;
    if (payload?.type === 'directory') await tx.batch.addBytes(encodeBundleIndex(payload.index));
    ops.push(await addition(tx, p.manifest!));
    const id = p.manifest!.artifact_id;
    const reason = 'pinned in the workspace that it came from';
    if (isPinned(p)) pins.push({ op: 'pin', artifact_id: id, name: PIN_NAME, reason });
  }
  if (pins.length > 0)
    await session.demand(catalog, await pinCapability(session, catalog, PIN_NAME), [PIN_NAME]);
  return [...ops, ...pins];
}

const isPinned = ({ found, outcome }: PlannedArtifact) =>
  outcome === 'new' && found.manifest?.pinned === true;

function toWorkspaceImport(
  session: Session,
  found: FoundWorkspace,
  plan: readonly PlannedArtifact[],
): WorkspaceImport {
  const now = timestampMs(session.now());
  const artifacts = plan.flatMap((p): WorkspaceArtifact[] => {
    const { found: f, outcome, manifest, faults } = p;
    if (outcome === 'refused' || manifest === undefined) return [];
    const end = ttlEndMs(manifest);
    return [
      {
        artifactId: manifest.artifact_id,
        contentHash: manifest.content_hash,
        statedHash: f.manifest!.content_hash,
        hashForm: f.form!,
        layer: f.manifest!.layer,
        present: outcome !== 'new',
        tightened: outcome === 'tightened',
        demoted: outcome === 'new' && (f.manifest!.layer === 'L1' || f.manifest!.layer === 'L2'),
        pinned: isPinned(p),
        ttlOver: outcome === 'new' && end !== undefined && end <= now,
        faults,
      },
    ];
  });
  const refused = plan
    // A refused copy of an artifact imported from another layer is no loss.
    .filter((p) => p.outcome === 'refused' && p.faults.some(keepsOut))
    .map(({ found: { place }, faults }) => ({ ...place, faults, error: errorOf(place, faults) }));
  return { artifacts, refused, strays: [...found.strays, ...copies(plan)] };
}

function copies(plan: readonly PlannedArtifact[]): Fault[] {
  return plan
    .filter((p) => p.outcome === 'refused' && !p.faults.some(keepsOut))
    .flatMap(({ found: { place }, faults }) =>
      faults.map(({ fault, message }) => ({
        fault,
        message: `'${place.layer}/${place.name.slice(0, 8)}': ${message}`,
      })),
    );
}

/** The first fault that prevents the import sets the code; the message lists all of them. */
function errorOf({ layer, name }: { layer: string; name: string }, faults: readonly Fault[]): HsError {
  const out = faults.filter(keepsOut);
  const why = out.map((f) => f.message).join('; ');
  return new HsError(FAULTS[out[0]!.fault]!, `'${layer}/${name.slice(0, 8)}' was not taken: ${why}`, {
    details: { artifact_id: name, layer, faults: out.map((f) => f.fault) },
  });
}
