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

export const proofVerify = z.strictObject({
  proven: z.enum(['inclusion', 'consistency']),
  store_id: uuid,
  entries: natural,
  head: objectId,
  time: timestamp,
  older_entries: z.optional(natural),
  entry: z.optional(ledgerCatRow),
});

export const scanRow = z.strictObject({
  artifact_id: artifactId,
  path: z.optional(z.string()),
  detector: z.string(),
  kind: z.enum(['credential', 'personal']),
  line: natural,
  column: natural,
});
