import * as z from 'zod/mini';
import { ledgerProof } from '../../core/evidence/ledger-proof.js';
import { artifactId, natural, objectId, timestamp, uuid } from '../../core/json/schema.js';
import { ledgerCatRow } from './ledger.js';

export const ledgerSign = z.strictObject({
  store_id: uuid,
  entries: natural,
  root: objectId,
  head: objectId,
  time: timestamp,
  public_key: z.string(),
  /** The signed note. */
  checkpoint: z.string(),
});

export const ledgerProve = z.strictObject({ proof: ledgerProof });

/** For a proof about a ledger the fields up to `entry`, for an attestation those after it. */
export const proofVerify = z.strictObject({
  proven: z.enum(['inclusion', 'consistency', 'provenance']),
  store_id: z.optional(uuid),
  entries: z.optional(natural),
  head: z.optional(objectId),
  time: z.optional(timestamp),
  older_entries: z.optional(natural),
  entry: z.optional(ledgerCatRow),
  subjects: z.optional(
    z.array(z.strictObject({ name: z.optional(z.string()), content_hash: z.optional(z.string()) })),
  ),
  /** Number of files in `--subject` that match the attestation. */
  matched: z.optional(natural),
  builder: z.optional(z.string()),
  build_type: z.optional(z.string()),
  parameters: z.optional(z.record(z.string(), z.unknown())),
  invocation: z.optional(z.string()),
  started_at: z.optional(z.string()),
  ended_at: z.optional(z.string()),
});

export const scanRow = z.strictObject({
  artifact_id: artifactId,
  path: z.optional(z.string()),
  detector: z.string(),
  kind: z.enum(['credential', 'personal']),
  line: natural,
  column: natural,
});
