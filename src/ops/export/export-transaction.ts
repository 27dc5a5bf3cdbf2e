import type { LedgerEntry } from '../../core/ledger/entry.js';
import { type BuildDraft, type CommitContext, commit } from '../../store/ledger/commit.js';
import type { Lease } from '../../store/local/leases.js';
import type { ObjectBatch } from '../../store/objects/object-batch.js';
import { finishDeadLeases } from '../recovery/finish-dead-leases.js';
import type { Session } from '../session/session.js';

/** What a use case works with that decides itself; see {@link withDecisions}. */
export interface DecisionTx {
  readonly lease: Lease;
  readonly batch: ObjectBatch;
  /** Appends an entry without asking for a capability: the draft carries the decision. */
  commit(build: BuildDraft): Promise<LedgerEntry | undefined>;
}

/** Who commits, for entries that are written past {@link Session.write}. */
export function commitContext(session: Session): CommitContext {
  return {
    actor: session.actor,
    traceId: session.traceId,
    ...(session.jobId === undefined ? {} : { jobId: session.jobId }),
    ...(session.setClock === undefined ? {} : { setClock: session.setClock }),
  };
}

/**
 * Like `session.write`, for exports: their decision rests on more than a capability, and a refusal is
 * recorded as an export record (B7) and not as a bare refusal.
 */
export async function withDecisions<T>(session: Session, run: (tx: DecisionTx) => Promise<T>): Promise<T> {
  const { store } = session;
  store.demandWritable();
  const lease = await store.leases.take();
  const batch = store.batch(lease.token);
  try {
    await finishDeadLeases(session);
    return await run({
      lease,
      batch,
      commit: (build) => commit(store, batch, commitContext(session), build),
    });
  } finally {
    await batch.discard();
    await lease.release();
  }
}
