import { DAY_MS } from '../duration.js';
import type { LedgerEntry } from '../ledger/entry.js';
import { timestampMs } from '../objects/ids.js';
import type { Manifest } from './manifest.js';

/** Manifest fields that hs sets from its own observation when it creates an artifact. */
export const CLAIM_FIELDS = ['created_at', 'created_by_job_id', 'provenance'] as const;
export type ClaimField = (typeof CLAIM_FIELDS)[number];

/** A command that stores many artifacts sets their times before it registers them. */
const LONGEST_COMMAND_MS = DAY_MS;

/**
 * Which of these fields are only claims: made by the author of the manifest, or of the bundle it came in, and not
 * supported by `entry`, which registered the artifact here. Only a run that hs observed has known provenance.
 */
export function claimsIn(manifest: Manifest, entry: LedgerEntry): readonly ClaimField[] {
  const isForeign = entry.type === 'bundle_imported';
  const since = timestampMs(entry.set_clock ?? entry.at) - timestampMs(manifest.created_at);
  const { created_by_job_id: job } = manifest;
  const claimed: Record<ClaimField, boolean> = {
    created_at: isForeign || since < 0 || since > LONGEST_COMMAND_MS,
    created_by_job_id: job !== undefined && (isForeign || job !== entry.job_id),
    provenance: manifest.provenance !== undefined && entry.type !== 'tool_run',
  };
  return CLAIM_FIELDS.filter((field) => claimed[field]);
}
