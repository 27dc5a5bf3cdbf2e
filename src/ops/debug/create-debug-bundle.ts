import type { BundleReport } from '../../core/bundle/bundle-record.js';
import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { checkDebugBundle } from '../../core/debug/check-debug-bundle.js';
import { DEBUG_MANIFEST_NAME, type DebugMode } from '../../core/debug/document-formats.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { Manifest } from '../../core/manifest/manifest.js';
import { DEBUG_LABEL } from '../../core/manifest/own-labels.js';
import { sensitivityOf } from '../../core/manifest/sensitivity.js';
import { encodeSortedEntries, type IndexEntry, indexSize } from '../../core/objects/bundle-index.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { comparePaths, toName } from '../../core/paths/safe-path.js';
import { HsError } from '../../errors/hs-error.js';
import { addFile, addIndex, addReport, entriesOf } from '../bundle/bundle-entries.js';
import { type Member, readMember } from '../bundle/bundle-member.js';
import { describedBy, newManifest } from '../put/new-manifest.js';
import { registration } from '../put/register-artifact.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { collectEvidence, type Evidence } from './collect-evidence.js';
import type { DebugRequest } from './debug-request.js';
import { type DebugFacts, debugBundleManifest, makeDocuments } from './make-documents.js';

export interface DebugBundleCreated {
  readonly artifactId: ArtifactId;
  readonly contentHash: ObjectId;
  readonly mode: DebugMode;
  readonly exportable: boolean;
  readonly sizeBytes: number;
  readonly events: number;
  readonly jobs: number;
  readonly diagnostics: number;
  readonly artifacts: number;
  /** Number of texts replaced. */
  readonly redactions: number;
  readonly missing: number;
  readonly leftOut: BundleReport['left_out'];
}

/**
 * Collects the evidence of a problem in one bundle artifact: a slice of the ledger, jobs, failures, the state of the
 * artifacts, and what was redacted. `safe` contains no free text, `workspace` only text in which no detector finds
 * anything, `full` everything including payloads; a full bundle may leave only where the policy allows it. The same
 * ledger, scope and mode give the same bytes. NOT_FOUND if the scope is empty.
 */
export async function createDebugBundle(
  session: Session,
  request: DebugRequest,
): Promise<DebugBundleCreated> {
  const { scope, mode = 'safe' } = request;
  const name = request.name === undefined ? undefined : toName(request.name);
  const subjects = scope.kind === 'artifact' ? [scope.artifact] : [];
  return session.write('artifact.create', subjects, async (tx) => {
    let created: DebugBundleCreated | undefined;
    await tx.commit(async (catalog) => {
      await session.demand(catalog, 'artifact.read', subjects);
      const evidence = await collectEvidence(session, catalog, scope);
      const made = await assemble(session, tx, catalog, evidence, { ...request, mode });
      const manifest = describedBy(() =>
        newManifest(session, compact({ ...made.facts, name, labels: { [DEBUG_LABEL]: mode } })),
      );
      const { export: rules } = await session.policy(catalog);
      const mayLeave = mode !== 'full' || rules.full_debug_bundles === true;
      created = { ...made.told, ...keptAs(manifest), exportable: manifest.exportable && mayLeave };
      return registration(tx, [manifest]);
    });
    return created!;
  });
}

function keptAs(m: Manifest) {
  return {
    artifactId: m.artifact_id,
    contentHash: m.content_hash,
    sizeBytes: m.size_bytes,
  };
}

type Settled = DebugRequest & { readonly mode: DebugMode };

async function assemble(
  session: Session,
  tx: Transaction,
  catalog: Catalog,
  evidence: Evidence,
  request: Settled,
) {
  const facts: DebugFacts = await makeDocuments(session, catalog, evidence, request);
  const { members, leftOut } = await payloadsOf(session, facts, evidence, request.mode);
  const texts = await Promise.all([...facts.documents].map(([path, bytes]) => addFile(tx, path, bytes)));
  const report = await addReport(tx, members, leftOut);
  const listed = [...entriesOf([...texts, report], members)];
  const manifest = debugBundleManifest(facts, listed);
  const own = await addFile(tx, DEBUG_MANIFEST_NAME, manifest);
  const documents = [...texts, own].sort((a, b) => comparePaths(a.path, b.path));
  const index = await addIndex(tx, members, documents);
  demandCorrect(facts, manifest, [...listed, own]);
  const records = [...texts, own, report, index];
  for (const entry of entriesOf(records, members))
    await tx.batch.reference(entry.content_hash, entry.size_bytes);
  const { id } = await tx.batch.addBytes(encodeSortedEntries(entriesOf(records, members)));
  return {
    facts: {
      kind: 'bundle',
      payload_type: 'directory',
      content_hash: id,
      size_bytes: indexSize(entriesOf(records, members)),
      ...sensitivityFor(evidence.artifacts, request),
    },
    told: {
      mode: request.mode,
      events: evidence.events.length,
      artifacts: evidence.artifacts.length,
      jobs: facts.jobs.length,
      diagnostics: facts.diagnostics.length,
      redactions: facts.redactions,
      missing: facts.missing.length,
      leftOut,
    },
  };
}

/** For a full bundle, the payloads that exist and may be read. */
async function payloadsOf(
  session: Session,
  { states }: DebugFacts,
  { artifacts }: Evidence,
  mode: DebugMode,
) {
  const members: Member[] = [];
  const leftOut: BundleReport['left_out'] = [];
  if (mode !== 'full') return { members, leftOut };
  for (const record of artifacts) {
    const { availability, why } = states.get(record.artifact_id)!;
    const member = availability === 'available' ? await readMember(session.store.objects, record) : 'payload';
    if (typeof member === 'string') leftOut.push({ artifact_id: record.artifact_id, reason: why });
    else members.push(member);
  }
  return { members, leftOut };
}

/** Only a full bundle contains parts of the artifacts themselves. */
function sensitivityFor(artifacts: readonly ArtifactRecord[], { mode, ttl }: Settled) {
  if (mode === 'safe') return compact({ classification: 'low', exportable: true, retention_ttl_days: ttl });
  if (mode === 'workspace')
    return compact({ classification: 'medium', exportable: true, retention_ttl_days: ttl });
  const held = sensitivityOf(artifacts);
  const ttls = [held.retention_ttl_days, ttl].filter((days) => days !== undefined);
  return compact({
    classification: held.classification,
    exportable: held.exportable,
    retention_ttl_days: ttls.length === 0 ? undefined : Math.min(...ttls),
  });
}

/** Runs the same check as a recipient: a safe bundle that fails it is discarded. */
function demandCorrect(facts: DebugFacts, manifest: Buffer, listed: readonly IndexEntry[]): void {
  const { findings } = checkDebugBundle({
    documents: new Map<string, Uint8Array>([...facts.documents, [DEBUG_MANIFEST_NAME, manifest]]),
    all: new Map(listed.map((e) => [e.path, { hash: e.content_hash, size: e.size_bytes }])),
  });
  const [first] = findings;
  if (first === undefined) return;
  throw new HsError(
    'BUG',
    `the debug bundle would not pass its check: ${first.code}: ${first.file}: ${first.message}`,
  );
}
