import * as z from 'zod/mini';
import { check } from '../../core/schema.js';

/** Names of what is staged outside the store: recognisable, and not to be guessed. */
export const TEMPORARY_PATTERN = /^\.hs-tmp-[0-9a-f]{32}$/;

const temporary = z.string().check(z.regex(TEMPORARY_PATTERN));

const stagingRecord = z.strictObject({
  /** What is made or replaced: absolute, no component a link. */
  path: z.string().check(z.minLength(2)),
  /** Names beside it. */
  temporary,
  /** Only where the filesystem refuses an exchange: the name the old tree waits under. */
  aside: z.optional(temporary),
  /** What is staged, once it is complete: its inode, by which it is known under any name. */
  staged: z.optional(z.string()),
  /** Directories made on the way, absolute, each below the one before. */
  paths: z.array(z.string()),
});

/** What a materialization has outside the store, so that another process can finish or undo it. */
export type StagingRecord = z.output<typeof stagingRecord>;

export function toStagingRecord(value: unknown): StagingRecord {
  return check(stagingRecord, value, 'INVALID_RECORD', 'journal of a materialization');
}

/** Writes the record where the next writing command finds it, durably, before what it speaks of is done. */
export type Journal = (record: StagingRecord) => Promise<void>;
