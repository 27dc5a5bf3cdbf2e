import type { ArtifactRecord } from '../core/record.js';

/** What an artifact is called in messages. */
export function labelOf(r: Pick<ArtifactRecord, 'artifact_id' | 'name' | 'filename_hint'>): string {
  return r.name ?? r.filename_hint ?? r.artifact_id.slice(0, 8);
}
