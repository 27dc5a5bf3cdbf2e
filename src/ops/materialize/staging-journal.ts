import * as z from 'zod/mini';
import { check, objectId } from '../../core/json/schema.js';

/** Names of what is staged outside the store: recognisable, and not to be guessed. */
export const TEMPORARY_PATTERN = /^\.hs-tmp-[0-9a-f]{32}$/;

const temporary = z.string().check(z.regex(TEMPORARY_PATTERN));

const stagingRecord = z.strictObject({
  /** What is made or replaced: absolute, no component a link. */
  path: z.string().check(z.minLength(2)),
  /** Names beside it. What is staged has this one; after an exchange, the tree that it replaced. */
  temporary,
  /** The name under which that tree waits where the filesystem refuses an exchange. */
  aside: z.optional(temporary),
  /** The name under which it is removed: what has this name was compared and is nobody else's. */
  discard: z.optional(temporary),
  /** What is staged, once it is complete: its inode, by which it is known under any name. */
  staged: z.optional(z.string()),
  /** The tree that is replaced, as it was looked at; older versions did not say. */
  replaced: z.optional(z.strictObject({ identity: z.string(), inventory: objectId })),
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
