import { setTimeout } from 'node:timers/promises';
import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { FIRST_OPS } from '../../core/catalog/ledger-rows.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { LedgerEntry } from '../../core/ledger/entry.js';
import type { EntryPayload, EntryType } from '../../core/ledger/entry-types.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import type { ArtifactId, ObjectId, Timestamp } from '../../core/objects/ids.js';
import { wordTest } from '../../core/query/matcher.js';
import { normalText } from '../../core/text/normal-form.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import type { Session } from '../session/session.js';
import { type LedgerQuery, readLedger } from './read-ledger.js';

/** Maximum number of subjects kept per commit; an operation that sets a policy has none. */
const SHOWN_SUBJECTS = FIRST_OPS - 1;
const POLL_MS = 500;

/** The effect of an entry on one artifact. */
export interface Subject {
  readonly op: Exclude<LedgerOp['op'], 'set_policy'> | 'export';
  readonly artifact_id: ArtifactId;
  /** Its name or filename hint. */
  readonly name?: string;
  /** Name of the pin that was set or removed. */
  readonly pin?: string;
}

/** One event in the history of the store. */
export interface HistoryRow {
  readonly seq: number;
  readonly at: Timestamp;
  readonly set_clock?: Timestamp;
  readonly type: EntryType;
  /** `type:id`. */
  readonly actor: string;
  readonly job_id?: string;
  readonly capability_id?: string;
  readonly decision?: 'allow' | 'deny';
  readonly event_id: string;
  readonly operations: number;
  /** The first 20 subjects of the operations or of the export. */
  readonly subjects: readonly Subject[];
  readonly payload: EntryPayload;
}

export interface HistoryQuery {
  /** An artifact as the user names it: only entries that mention it. */
  readonly artifact?: string;
  readonly type?: EntryType;
  readonly since?: Timestamp;
  /** `type:id` or the id; may be a glob. */
  readonly actor?: string;
  /** May be a glob. */
  readonly job?: string;
}

async function subjectsOf(ops: readonly LedgerOp[], catalog: Catalog): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const op of ops) {
    if (op.op === 'set_policy') continue;
    if (subjects.length === SHOWN_SUBJECTS) break;
    const facts = op.op === 'add' || op.op === 'revise' ? op : await catalog.get(op.artifact_id);
    subjects.push(
      compact({
        op: op.op,
        artifact_id: op.artifact_id,
        name: facts?.name ?? facts?.filename_hint,
        pin: op.op === 'pin' || op.op === 'unpin' ? op.name : undefined,
      }),
    );
  }
  return subjects;
}

/** How many entries before its record the decision of an export is searched; usually they are adjacent. */
const DECISION_WITHIN = 100;

/** The artifacts of an entry about an export, which has no operations. */
async function exportsOf(session: Session, e: LedgerEntry, payload: EntryPayload): Promise<ArtifactId[]> {
  if (e.type === 'export_decided') return (payload as EntryPayload<'export_decided'>).artifact_ids;
  if (e.type !== 'export_record') return [];
  const record = payload as EntryPayload<'export_record'>;
  if (record.output_artifact_handles.length > 0) {
    return record.output_artifact_handles.map((h) => h.artifact_id);
  }
  // The record of a failed export has only the hash: its decision names the artifact.
  for (let seq = e.seq - 1; seq >= Math.max(0, e.seq - DECISION_WITHIN); seq--) {
    const { entry } = await session.store.ledger.read(seq);
    if (entry.type !== 'export_decided') continue;
    const decided = (await session.store.payloadOf(entry)) as EntryPayload<'export_decided'>;
    if (decided.export_id === record.export_id) return decided.artifact_ids;
  }
  return [];
}

async function exportSubject(catalog: Catalog, artifact_id: ArtifactId): Promise<Subject> {
  const facts = await catalog.get(artifact_id);
  return compact({ op: 'export' as const, artifact_id, name: facts?.name ?? facts?.filename_hint });
}

async function toRow(session: Session, catalog: Catalog, e: LedgerEntry): Promise<HistoryRow> {
  const { count, ops } = await session.store.firstOps(e, catalog);
  const payload = await session.store.payloadOf(e);
  const exported = (await exportsOf(session, e, payload)).slice(0, SHOWN_SUBJECTS);
  const subjects = await subjectsOf(ops, catalog);
  for (const id of exported) subjects.push(await exportSubject(catalog, id));
  return compact({
    seq: e.seq,
    at: e.at,
    set_clock: e.set_clock,
    type: e.type,
    actor: `${e.actor}:${e.actor_id}`,
    job_id: e.job_id,
    capability_id: e.capability_id,
    decision: e.decision,
    event_id: e.event_id,
    operations: count,
    subjects,
    payload,
  });
}

/** Whether an entry concerns an artifact: by its id, or in an export record by its content hash. */
async function mentions(session: Session, e: LedgerEntry, artifact: ArtifactRecord): Promise<boolean> {
  const id = artifact.artifact_id;
  const ops = await session.store.opsOf(e);
  if (ops.some((op) => op.op !== 'set_policy' && op.artifact_id === id)) return true;
  const payload: unknown = await session.store.payloadOf(e);
  const names = (value: unknown): boolean => {
    if (typeof value === 'string') return value === id;
    return typeof value === 'object' && value !== null && Object.values(value).some(names);
  };
  const { source_hashes: hashes } = payload as { source_hashes?: readonly ObjectId[] };
  return names(payload) || hashes?.includes(artifact.content_hash) === true;
}

/** Whether an entry is of the actor and the job asked for. */
function byWhom({ actor, job }: HistoryQuery): (e: LedgerEntry) => boolean {
  const isActor = actor === undefined ? undefined : wordTest(normalText(actor));
  const isJob = job === undefined ? undefined : wordTest(normalText(job));
  return (e) =>
    (isActor === undefined || isActor(`${e.actor}:${e.actor_id}`) || isActor(e.actor_id)) &&
    (isJob === undefined || (e.job_id !== undefined && isJob(e.job_id)));
}

async function toQuery(session: Session, catalog: Catalog, asked: HistoryQuery): Promise<LedgerQuery> {
  const by = byWhom(asked);
  const query = compact({ type: asked.type, since: asked.since, filter: async (e: LedgerEntry) => by(e) });
  if (asked.artifact === undefined) return query;
  const artifact = await resolveArtifact(catalog, asked.artifact, { removed: true });
  const { from, filter } = artifactQuery(session, artifact);
  return { ...query, from, filter: async (e) => by(e) && filter(e) };
}

/** The entries that concern an artifact; there are none before its registration. */
export function artifactQuery(
  session: Session,
  artifact: ArtifactRecord,
): Required<Pick<LedgerQuery, 'from' | 'filter'>> {
  return { from: artifact.registered.seq, filter: (entry) => mentions(session, entry, artifact) };
}

/** The history, newest first; reads only the entries needed. */
export async function* history(session: Session, asked: HistoryQuery): AsyncGenerator<HistoryRow> {
  const catalog = await session.catalog();
  const query = await toQuery(session, catalog, asked);
  for await (const entry of readLedger(session, { ...query, reverse: true })) {
    yield toRow(session, catalog, entry);
  }
}

/** The newest `last` entries in chronological order, then each new one, until `until` is aborted. */
export async function* followHistory(
  session: Session,
  asked: HistoryQuery,
  last: number,
  until: AbortSignal,
): AsyncGenerator<HistoryRow> {
  const catalog = await session.catalog();
  const query = await toQuery(session, catalog, asked);
  const first: LedgerEntry[] = [];
  let next = catalog.head.seq + 1;
  if (last > 0) {
    for await (const entry of readLedger(session, { ...query, to: next - 1, reverse: true })) {
      if (first.push(entry) === last) break;
    }
  }
  for (const entry of first.reverse()) yield toRow(session, catalog, entry);
  while (!until.aborted) {
    try {
      session.store.ledger.refresh();
      const head = await session.store.ledger.headSeq();
      if (head >= next) {
        const now = await session.catalog();
        for await (const entry of readLedger(session, { ...query, from: next, to: head })) {
          if (until.aborted) return;
          yield toRow(session, now, entry);
        }
        next = head + 1;
      }
    } catch (e) {
      // The store may have been closed meanwhile.
      if (!until.aborted) throw e;
      return;
    }
    await setTimeout(POLL_MS, undefined, { signal: until }).catch(() => undefined);
  }
}
