import * as z from 'zod/mini';
import type { Json } from '../../core/json/canonical.js';
import { natural, objectId, text, timestamp, uuid } from '../../core/json/schema.js';

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

export type RunBegun = z.output<typeof runBegun>;

/** What the journal says of a run before anything of it is there. */
export function runJournal(begun: Omit<RunBegun, 'journal'>): Json {
  return { journal: 'run', ...begun } satisfies RunBegun as Json;
}

/** The runs that a journal speaks of, once for each directory that was tried. Other records say nothing of runs. */
export function journaledRuns(journal: readonly Json[]): RunBegun[] {
  return journal.flatMap((record) => {
    const begun = z.safeParse(runBegun, record);
    return begun.success ? [begun.data] : [];
  });
}
