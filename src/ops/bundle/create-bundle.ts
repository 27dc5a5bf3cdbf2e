import type { BundleReport } from '../../core/bundle/bundle-record.js';
import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { compact } from '../../core/json/omit-undefined.js';
import { handleOf } from '../../core/manifest/handle-of.js';
import { labelOf } from '../../core/manifest/label-of.js';
import type { Manifest } from '../../core/manifest/manifest.js';
import { sensitivityOf } from '../../core/manifest/sensitivity.js';
import { encodeSortedEntries, indexSize } from '../../core/objects/bundle-index.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { portabilityProblems, portabilityText } from '../../core/paths/portability.js';
import { comparePaths, type SafePath, toName } from '../../core/paths/safe-path.js';
import { escapeText } from '../../core/text/escape-control.js';
import { type ErrorCode, HsError } from '../../errors/hs-error.js';
import { attestEach } from '../evidence/attest.js';
import { resolveArtifacts } from '../naming/resolve-artifact.js';
import { describedBy, newManifest } from '../put/new-manifest.js';
import { registration } from '../put/register-artifact.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { addRecords, entriesOf } from './bundle-entries.js';
import { type Member, wholeMember } from './bundle-member.js';

export interface BundleOptions {
  readonly name?: string | undefined;
  /** Accept names that other systems cannot hold (B4). */
  readonly nonPortable?: boolean;
  /** Maximum TTL in days, for a bundle that would have none, such as one of a frozen high artifact. */
  readonly ttl?: number | undefined;
  /** Also bundle attestations of the members that a run made, signed with this key: a file, or `ssh-agent` (I4). */
  readonly attest?: string;
}

export interface BundleCreated {
  readonly artifactId: ArtifactId;
  readonly contentHash: ObjectId;
  readonly members: number;
  readonly sizeBytes: number;
  readonly leftOut: BundleReport['left_out'];
}

/**
 * Packs artifacts into one bundle artifact (C1): an index over objects already in the store, so no payload is copied.
 * Members that are unreadable, or that the actor may not read, are left out and reported; if none remains, the error of
 * the first one is thrown.
 */
export async function createBundle(
  session: Session,
  artifacts: readonly string[],
  options: BundleOptions = {},
): Promise<BundleCreated> {
  const bundleName = options.name === undefined ? undefined : toName(options.name);
  const { attest } = options;
  const attestations = attest === undefined ? [] : await attestEach(session, artifacts, attest);
  const names = [...artifacts, ...attestations];
  return session.write('artifact.create', names, async (tx) => {
    const catalog = await session.catalog();
    await session.demand(catalog, 'artifact.read', names);
    let gathered = await gather(session, catalog, names);
    if (gathered.members.length === 0) {
      const error = nothingLeft(gathered);
      if (gathered.failure !== 'REFUSED') throw error;
      throw await tx.refuse(error, { capability: 'artifact.read:restricted', subjects: names });
    }
    let manifest = await assemble(session, tx, gathered, bundleName, options);
    await tx.commit(async (head) => {
      // A member may have become stricter while the others were checked or bundled.
      if (await isChanged(head, gathered)) {
        gathered = await gather(session, head, names);
        if (gathered.members.length === 0) throw nothingLeft(gathered);
        manifest = await assemble(session, tx, gathered, bundleName, options);
      }
      return registration(tx, [manifest]);
    });
    return {
      artifactId: manifest.artifact_id,
      contentHash: manifest.content_hash,
      members: gathered.members.length,
      sizeBytes: manifest.size_bytes,
      leftOut: gathered.leftOut,
    };
  });
}

type Gathered = Awaited<ReturnType<typeof gather>>;

function nothingLeft({ failure, leftOut }: Gathered): HsError {
  return new HsError(failure, 'nothing to bundle: every artifact was left out', {
    hint: leftOut.map((l) => `${l.artifact_id.slice(0, 8)}: ${l.reason}`).join('; '),
  });
}

async function isChanged(catalog: Catalog, { members }: Gathered): Promise<boolean> {
  for (const { record } of members) {
    const now = await catalog.get(record.artifact_id);
    if (now?.manifest !== record.manifest || now.removed !== undefined) return true;
  }
  return false;
}

/** Puts the bundle's own objects into the batch, and returns its manifest. */
async function assemble(
  session: Session,
  tx: Transaction,
  { members, leftOut }: Gathered,
  name: string | undefined,
  { nonPortable, ttl }: BundleOptions,
): Promise<Manifest> {
  if (nonPortable !== true) for (const member of members) demandPortable(member);
  const records = await addRecords(tx, members, leftOut);
  for (const entry of entriesOf(records, members)) {
    await tx.batch.reference(entry.content_hash, entry.size_bytes);
  }
  const { id } = await tx.batch.addBytes(encodeSortedEntries(entriesOf(records, members)));
  const bundled = members.map((m) => m.record);
  const sensitivity = sensitivityOf(bundled);
  const ttls = [sensitivity.retention_ttl_days, ttl].filter((t) => t !== undefined);
  const facts = compact({
    name,
    kind: 'bundle',
    payload_type: 'directory',
    content_hash: id,
    size_bytes: indexSize(entriesOf(records, members)),
    ...sensitivity,
    retention_ttl_days: ttls.length === 0 ? undefined : Math.min(...ttls),
    source_artifact_refs: bundled.map(handleOf),
  });
  return describedBy(() => newManifest(session, facts));
}

async function gather(session: Session, catalog: Catalog, names: readonly string[]) {
  const records = new Map<ArtifactId, ArtifactRecord>();
  for (const record of await resolveArtifacts(catalog, names)) records.set(record.artifact_id, record);
  const members: Member[] = [];
  const leftOut: BundleReport['left_out'] = [];
  const failures = new Map<ArtifactId, ErrorCode>();
  session.progress.start('bundling', records.size, 'artifacts');
  for (const record of [...records.values()].sort((a, b) => comparePaths(a.artifact_id, b.artifact_id))) {
    session.progress.advance(1);
    const member = await wholeMember(session, catalog, record);
    if (!('code' in member)) members.push(member);
    else {
      leftOut.push({ artifact_id: record.artifact_id, reason: member.reason });
      failures.set(record.artifact_id, member.code);
    }
  }
  const [first] = records.keys();
  return { members, leftOut, failure: failures.get(first!) ?? ('NOT_FOUND' as const) };
}

function* pathsOf({ files }: Member): Generator<SafePath> {
  for (const { path } of files()) yield path;
}

function demandPortable(member: Member): void {
  const { record } = member;
  if (record.payload_type === 'file') return;
  for (const problem of portabilityProblems(pathsOf(member))) {
    throw new HsError(
      'UNSAFE_PATH',
      `'${escapeText(problem.path)}' in '${escapeText(labelOf(record))}' is not portable: ${portabilityText(problem)}`,
      { hint: '--non-portable accepts it' },
    );
  }
}
