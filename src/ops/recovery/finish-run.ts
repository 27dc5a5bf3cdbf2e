import * as z from 'zod/mini';
import type { Json } from '../../core/json/canonical.js';
import { natural, objectId, text, timestamp, uuid } from '../../core/json/schema.js';
import type { Timestamp } from '../../core/objects/ids.js';
import { commit } from '../../store/ledger/commit.js';
import { commitContext } from '../export/export-transaction.js';
import { discard, runRoot } from '../run/run-directories.js';
import { signalStatus } from '../run/run-record.js';
import type { Session } from '../session/session.js';

const SCRATCH_NAME = /^\/(?:[^/\0]+\/)*hs-run-[0-9a-f]{32}$/;

const runBegun = z.strictObject({
  journal: z.literal('run'),
  /** The directory outside the store. */
  path: z.string().check(z.regex(SCRATCH_NAME)),
  run_id: uuid,
  after_seq: natural,
  program: text(4096),
  arguments_hash: objectId,
  started_at: timestamp,
});

type RunBegun = z.output<typeof runBegun>;

/** What the journal says of a run before anything of it is there. */
export function runJournal(begun: Omit<RunBegun, 'journal'>): Json {
  return { journal: 'run', ...begun } satisfies RunBegun as Json;
}

/**
 * For the journal of a dead lease: removes what its run left, and records the run, which a tool without a
 * sandbox could otherwise keep out of the ledger by killing hs. Other records are not its business.
 */
export async function finishRuns(session: Session, token: string, journal: readonly Json[]): Promise<void> {
  const runs = new Map<string, RunBegun>();
  for (const line of journal) {
    const begun = z.safeParse(runBegun, line);
    if (!begun.success) continue;
    await discard(session, runRoot(session, token));
    await discard(session, begun.data.path, 'own');
    runs.set(begun.data.run_id, begun.data);
  }
  for (const begun of runs.values()) await recordKilled(session, token, begun);
}

async function recordKilled(session: Session, token: string, begun: RunBegun): Promise<void> {
  const { store } = session;
  const { run_id, program, arguments_hash, started_at } = begun;
  const batch = store.batch(token);
  try {
    await commit(store, batch, commitContext(session), async (catalog) => {
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
    });
  } finally {
    await batch.discard();
  }
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
