import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { ExportFormat } from '../../core/ledger/export-formats.js';
import type { Blob } from '../../core/oci/image-layout.js';
import type { PayloadEntry } from '../payload/payload-source.js';
import { type Content, readContent } from '../payload/read-content.js';
import type { Session } from '../session/session.js';
import { addManifest } from './add-manifest.js';
import { layerOf, ociLayout } from './oci-layout.js';

/** The payload's files, and the manifest where that is a file of its own. */
export function exportedFiles(
  { store }: Session,
  { entries = [], record }: Content,
  format: ExportFormat,
  withManifest: boolean,
): readonly PayloadEntry[] {
  // A layout always holds the manifest.
  return withManifest && format !== 'oci' ? addManifest(store.objects, entries, record) : entries;
}

/** The files that an export in that format writes, or that its archive holds, in the order of A3. */
export async function writtenFiles(
  session: Session,
  content: Content,
  format: ExportFormat,
  withManifest: boolean,
): Promise<readonly PayloadEntry[]> {
  if (format === 'oci')
    return ociLayout(session.store.objects, content, await layerOf(content, session.signal));
  return exportedFiles(session, content, format, withManifest);
}

/** The files of the layouts of every revision of an artifact. */
export async function* everyLayout(
  { store, signal }: Session,
  artifact: ArtifactRecord,
): AsyncGenerator<PayloadEntry> {
  let layer: Blob | undefined;
  for (const { manifest, size_bytes } of artifact.manifests) {
    const content = await readContent(store.objects, {
      ...artifact,
      manifest,
      manifest_size_bytes: size_bytes,
    });
    layer ??= await layerOf(content, signal);
    yield* ociLayout(store.objects, content, layer);
  }
}
