import { compact } from '../json/omit-undefined.js';
import type { Handle } from './manifest.js';

/** How another record refers to an artifact. */
export function handleOf(r: Omit<Handle, 'uri'>): Handle {
  return compact({
    artifact_id: r.artifact_id,
    kind: r.kind,
    uri: `urn:uuid:${r.artifact_id}`,
    content_hash: r.content_hash,
    size_bytes: r.size_bytes,
    classification: r.classification,
    exportable: r.exportable,
    retention_ttl_days: r.retention_ttl_days,
  });
}
