import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import type { EvidenceState } from '../../core/debug/document-formats.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { LedgerEntry } from '../../core/ledger/entry.js';
import type { EntryPayload } from '../../core/ledger/entry-types.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { type ArtifactId, isArtifactId } from '../../core/objects/ids.js';
import { ttlEndMs, untilOf } from '../../core/retention/rule.js';
import { HsError } from '../../errors/hs-error.js';
import { wholeMember } from '../bundle/bundle-member.js';
import { isRestorable } from '../gc/restore.js';
import { artifactQuery } from '../inspect/history.js';
import { type LedgerQuery, readLedger } from '../inspect/read-ledger.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import type { Session } from '../session/session.js';
import type { DebugScope } from './debug-request.js';

/** Maximum number of events, newest first; older ones are reported as left out. */
export const MAX_EVENTS = 10_000;
const MAX_ARTIFACTS = 1000;

export interface EventEvidence {
  readonly entry: LedgerEntry;
  readonly ops: readonly LedgerOp[];
  readonly payload: EntryPayload;
}

/** The contents of a scope: entries in order, and the artifacts they concern. */
export interface Evidence {
  /** The one artifact that the scope is about. */
  readonly about?: ArtifactId;
  readonly events: readonly EventEvidence[];
  /** Events in the scope beyond the limit: the oldest. */
  readonly eventsLeftOut: number;
  readonly artifacts: readonly ArtifactRecord[];
  readonly artifactsLeftOut: number;
}

/** Collects the evidence of a scope. NOT_FOUND if the scope is empty. */
export async function collectEvidence(
  session: Session,
  catalog: Catalog,
  scope: DebugScope,
): Promise<Evidence> {
  const about =
    scope.kind === 'artifact' ? await resolveArtifact(catalog, scope.artifact, { removed: true }) : undefined;
  const events: EventEvidence[] = [];
  let left = 0;
  for await (const entry of readLedger(session, {
    ...queryOf(session, scope, about),
    to: catalog.head.seq,
    reverse: true,
  })) {
    if (scope.kind === 'time' && scope.until !== undefined && entry.at > scope.until) continue;
    if (events.length >= MAX_EVENTS) left += 1;
    else {
      const [ops, payload] = [await session.store.opsOf(entry), await session.store.payloadOf(entry)];
      events.push({ entry, ops, payload });
    }
  }
  if (events.length === 0)
    throw new HsError('NOT_FOUND', 'the ledger has no entry of that job, or of that time');
  const ids = new Set<ArtifactId>(about === undefined ? [] : [about.artifact_id, ...(about.sources ?? [])]);
  if (about === undefined)
    for (const { ops, payload } of events) for (const id of idsOf(ops, payload)) ids.add(id);
  const all: ArtifactRecord[] = [];
  for (const id of [...ids].sort()) {
    const record = await catalog.get(id);
    if (record !== undefined) all.push(record);
  }
  return {
    ...(about === undefined ? {} : { about: about.artifact_id }),
    events: events.reverse(),
    eventsLeftOut: left,
    artifacts: all.slice(0, MAX_ARTIFACTS),
    artifactsLeftOut: Math.max(0, all.length - MAX_ARTIFACTS),
  };
}

function queryOf(session: Session, scope: DebugScope, about: ArtifactRecord | undefined): LedgerQuery {
  if (about !== undefined) return artifactQuery(session, about);
  if (scope.kind === 'job') return { filter: async (entry) => entry.job_id === scope.job };
  return scope.kind === 'time' ? { since: scope.since } : {};
}

function* idsOf(ops: readonly LedgerOp[], payload: unknown): Generator<ArtifactId> {
  for (const op of ops) if (op.op !== 'set_policy') yield op.artifact_id;
  if (typeof payload === 'string' && isArtifactId(payload)) yield payload;
  else if (typeof payload === 'object' && payload !== null) {
    for (const value of Object.values(payload)) yield* idsOf([], value);
  }
}

/** Whether an artifact's payload is available, and if not, why (D7, D8, B5). */
export async function stateOf(
  session: Session,
  catalog: Catalog,
  record: ArtifactRecord,
): Promise<EvidenceState> {
  const end = ttlEndMs(record);
  const facts = compact({
    artifact_id: record.artifact_id,
    retention_class: record.retention_class,
    retention_ttl_days: record.retention_ttl_days,
    ttl_ends_at: end === undefined ? undefined : untilOf(end),
    pins: record.pins.length,
  });
  return { ...facts, ...(await availabilityOf(session, catalog, record)) };
}

async function availabilityOf(
  session: Session,
  catalog: Catalog,
  record: ArtifactRecord,
): Promise<Pick<EvidenceState, 'availability' | 'why'>> {
  const { removed } = record;
  if (removed !== undefined) {
    const by = `removed by entry ${removed.seq}`;
    return (await isRestorable(session, record))
      ? { availability: 'in_trash', why: `${by}, and can be restored` }
      : { availability: 'purged', why: by };
  }
  const member = await wholeMember(session, catalog, record);
  if (!('code' in member)) return { availability: 'available', why: 'all of its objects are there' };
  return { availability: member.code === 'REFUSED' ? 'access_denied' : 'damaged', why: member.reason };
}
