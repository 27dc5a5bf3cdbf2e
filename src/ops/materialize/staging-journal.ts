import * as z from 'zod/mini';
import { check, objectId } from '../../core/json/schema.js';

/** Names of staged files outside the store: recognizable, and unpredictable. */
export const TEMPORARY_PATTERN = /^\.hs-tmp-[0-9a-f]{32}$/;

const temporary = z.string().check(z.regex(TEMPORARY_PATTERN));

const stagingRecord = z.strictObject({
  /** The destination: absolute, no component a link. */
  path: z.string().check(z.minLength(2)),
  /** Names beside the destination. The staged file or tree; after an exchange, the tree that it replaced. */
  temporary,
  /** The name of the replaced tree where the filesystem cannot exchange. */
  aside: z.optional(temporary),
  /** The name for removal: whatever has it was compared, and belongs to hs. */
  discard: z.optional(temporary),
  /** The inode of the complete staged file or tree, which identifies it under any name. */
  staged: z.optional(z.string()),
  /** The replaced tree as examined; older versions did not record it. */
  replaced: z.optional(z.strictObject({ identity: z.string(), inventory: objectId })),
  /** Directories created on the way, absolute, each below the one before. */
  paths: z.array(z.string()),
});

/** Everything a materialization has outside the store, so that another process can complete or undo it. */
export type StagingRecord = z.output<typeof stagingRecord>;

export function toStagingRecord(value: unknown): StagingRecord {
  return check(stagingRecord, value, 'INVALID_RECORD', 'journal of a materialization');
}

/** Durably writes the record where the next writing command finds it, before the step that it describes. */
export type Journal = (record: StagingRecord) => Promise<void>;
