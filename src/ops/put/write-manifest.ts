import { decodeBundleIndex, indexSize, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import { type ArtifactId, isObjectId, type ObjectId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import { demandUnrestricted, objectsOf } from '../guard/read-gate.js';
import type { Session } from '../session/session.js';
import { nameProblems } from './check-manifest.js';
import { newManifest } from './new-manifest.js';
import { referencePayload, registerArtifacts } from './register-artifact.js';

export interface WrittenManifest {
  readonly artifact_id: ArtifactId;
  readonly content_hash: ObjectId;
  readonly size_bytes: number;
}

/** `size_bytes` defaults to the size of the payload in the store. */
async function withSize(session: Session, known: Readonly<Record<string, unknown>>) {
  const hash = known.content_hash;
  if (known.size_bytes !== undefined || typeof hash !== 'string' || !isObjectId(hash)) return known;
  const { objects } = session.store;
  const size =
    known.payload_type === 'directory'
      ? indexSize(decodeBundleIndex(await objects.read(hash, MAX_INDEX_BYTES)))
      : await objects.size(hash);
  return size === undefined ? known : { ...known, size_bytes: size };
}

/**
 * Registers the artifact that a manifest describes, with defaults for missing fields. Its payload must be in the store.
 * INVALID_MANIFEST, OBJECT_MISSING, or CONFLICT if its id is taken.
 */
export async function writeManifest(
  session: Session,
  given: Readonly<Record<string, unknown>>,
): Promise<WrittenManifest> {
  return session.write('artifact.create', [], async (tx) => {
    // Checked before its bytes are examined: errors about them would reveal their content.
    if (typeof given.content_hash === 'string' && isObjectId(given.content_hash))
      await demandUnrestricted(session, await session.catalog(), new Set([given.content_hash]));
    const manifest = newManifest(session, await withSize(session, given));
    const problems = nameProblems(manifest);
    if (manifest.revision !== 1) {
      problems.push('revision: 1 for a new artifact; hs retain, reclassify and promote make the others');
    }
    if (problems.length > 0) {
      throw new HsError('INVALID_MANIFEST', `invalid manifest: ${problems.join('; ')}`, {
        details: { problems },
      });
    }
    await tx.checkSecrets(await session.catalog(), manifest);
    await referencePayload(session, tx.batch, manifest);
    // A new manifest would free the bytes of a restricted artifact from its restriction (B5).
    await demandUnrestricted(
      session,
      await session.catalog(),
      await objectsOf(session.store.objects, manifest),
    );
    await registerArtifacts(tx, [manifest]);
    const { artifact_id, content_hash, size_bytes } = manifest;
    return { artifact_id, content_hash, size_bytes };
  });
}
