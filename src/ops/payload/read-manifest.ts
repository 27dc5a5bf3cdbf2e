import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest/manifest.js';
import type { Session } from '../session/session.js';

/** The manifest of the newest revision. */
export async function manifestOf(session: Session, record: ArtifactRecord): Promise<Manifest> {
  return decodeManifest(await session.store.objects.read(record.manifest, MAX_MANIFEST_BYTES));
}
