import { decodeBundleIndex, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import type { Detector } from '../../core/secrets/detectors.js';
import { type LineFinding, scanLines } from '../../core/secrets/scan-lines.js';
import { demandRead } from '../guard/read-gate.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import type { Session } from '../session/session.js';

/** Location of a possible secret in a payload; never the secret itself. */
export interface ScanRow extends LineFinding {
  readonly artifact_id: ArtifactId;
  /** The file, in a directory payload. */
  readonly path?: string;
}

/** Searches the payloads of artifacts for secrets, file by file in constant memory. Reading is gated (B5). */
export async function* scanArtifacts(
  session: Session,
  names: readonly string[],
  kinds: readonly Detector['kind'][],
): AsyncGenerator<ScanRow> {
  const catalog = await session.catalog();
  for (const typed of names) {
    const { artifact_id, payload_type, content_hash, ...record } = await resolveArtifact(catalog, typed);
    await demandRead(session, catalog, { artifact_id, payload_type, content_hash, ...record }, 'all');
    const files: readonly { readonly path?: string; readonly id: ObjectId }[] =
      payload_type === 'file'
        ? [{ id: content_hash }]
        : decodeBundleIndex(await session.store.objects.read(content_hash, MAX_INDEX_BYTES)).map((e) => ({
            path: e.path,
            id: e.content_hash,
          }));
    session.progress.start('scanning', files.length, 'files');
    for (const { path, id } of files) {
      session.signal.throwIfAborted();
      for await (const finding of scanLines(session.store.objects.stream(id), kinds)) {
        yield { artifact_id, ...(path === undefined ? {} : { path }), ...finding };
      }
      session.progress.advance(1);
    }
    session.progress.done();
  }
}
