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

/** The journal record of a run, written before anything of the run exists. */
export function runJournal(begun: Omit<RunBegun, 'journal'>): Json {
  return { journal: 'run', ...begun } satisfies RunBegun as Json;
}

/** The runs in a journal, one for each directory that was tried. Ignores other records. */
export function journaledRuns(journal: readonly Json[]): RunBegun[] {
  return journal.flatMap((record) => {
    const begun = z.safeParse(runBegun, record);
    return begun.success ? [begun.data] : [];
  });
}
