import * as z from 'zod/mini';
import { artifactId, natural, objectId, timestamp, uuid } from '../../core/json/schema.js';
import { KINDS, PAYLOAD_TYPES } from '../../core/manifest/vocabulary.js';

export const run = z.strictObject({
  run_id: uuid,
  /** The exit status of the command. */
  status: natural,
  /** The tool's own exit status. */
  exit_status: natural,
  /** Why COMMAND could not be executed. */
  not_run: z.optional(z.string()),
  started_at: timestamp,
  ended_at: timestamp,
  sandbox: z.strictObject({ backend: z.string(), level: z.string(), gaps: z.array(z.string()) }),
  /** True: the tool failed and its output was discarded. */
  lost: z.boolean(),
  results: z.array(
    z.strictObject({
      artifact_id: artifactId,
      kind: z.enum(KINDS),
      content_hash: objectId,
      payload_type: z.enum(PAYLOAD_TYPES),
      size_bytes: natural,
      files: natural,
      name: z.optional(z.string()),
      filename_hint: z.optional(z.string()),
    }),
  ),
  inputs: z.array(z.strictObject({ artifact_id: artifactId, path: z.string() })),
  stray_writes: z.array(
    z.strictObject({
      path: z.string(),
      kind: z.enum(['create', 'change', 'delete', 'mode', 'times', 'move']),
      what: z.enum(['file', 'directory', 'symlink', 'other']),
      from: z.optional(z.string()),
    }),
  ),
  refused: z.array(z.strictObject({ path: z.string(), why: z.string() })),
  empty_directories: z.array(z.string()),
});
