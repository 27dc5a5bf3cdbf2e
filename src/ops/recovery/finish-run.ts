import type { Json } from '../../core/json/canonical.js';
import type { Timestamp } from '../../core/objects/ids.js';
import { discard, runRoot } from '../run/run-directories.js';
import { journaledRuns, type RunBegun } from '../run/run-journal.js';
import { signalStatus } from '../run/run-record.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';

/**
 * For the journal of a dead lease: removes what its run left, and records the run, which a tool without a sandbox could
 * otherwise keep out of the ledger by killing hs. Ignores other records.
 */
export async function finishRuns(
  session: Session,
  tx: Transaction,
  token: string,
  journal: readonly Json[],
): Promise<void> {
  const runs = new Map<string, RunBegun>();
  for (const begun of journaledRuns(journal)) {
    await discard(session, runRoot(session, token));
    await discard(session, begun.path, 'own');
    runs.set(begun.run_id, begun);
  }
  for (const begun of runs.values()) await tx.apart((apart) => recordKilled(session, apart, begun));
}

async function recordKilled(session: Session, tx: Transaction, begun: RunBegun): Promise<void> {
  const { run_id, program, arguments_hash, started_at } = begun;
  await tx.commit(
    async (catalog) => {
      if (await isRecorded(session, begun, catalog.head.seq)) return null;
      const payload = {
        run_id,
        program,
        arguments_hash,
        exit_status: signalStatus('SIGKILL'),
        started_at: started_at as Timestamp,
        ended_at: session.now(),
        artifacts: 0,
        sandbox: { backend: 'unknown', level: 'unknown', gaps: [] },
        stray_writes: 0,
        stray_paths: [],
        errors: ['hs was killed before the run was over; a later command wrote this record'],
      };
      return { type: 'tool_run', payload, capability: 'tool.run', decision: 'allow' };
    },
    { records: true },
  );
}

async function isRecorded(session: Session, begun: RunBegun, head: number): Promise<boolean> {
  const { store } = session;
  for (let seq = begun.after_seq + 1; seq <= head; seq++) {
    const { entry } = await store.ledger.read(seq);
    if (entry.type !== 'tool_run') continue;
    const payload = await store.payloadOf(entry);
    if ('run_id' in payload && payload.run_id === begun.run_id) return true;
  }
  return false;
}
