import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import type { Redactor, TextPosition } from '../../core/debug/redactor.js';
import { guardExport } from '../../core/guard/guard.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import { guardSubject } from '../guard/guard-subject.js';
import { readContent } from '../payload/read-content.js';

/** Length of a payload preview, in characters. */
const SHOWN = 500;
/**
 * Characters searched: a secret that starts within the preview also ends within these, so it is found before it is cut.
 */
const WINDOW_BYTES = 64 * 1024;

/**
 * The first characters of a text payload, redacted before they are cut; undefined if it is not text, or if the guard
 * would not let its bytes leave: the bundle may.
 */
export async function previewOf(
  objects: ObjectStore,
  catalog: Catalog,
  record: ArtifactRecord,
  redactor: Redactor,
  place: TextPosition,
): Promise<string | undefined> {
  if (record.payload_type !== 'file') return undefined;
  const subject = await guardSubject(objects, catalog, await readContent(objects, record));
  if (guardExport(subject, new Set(), 'public').length > 0) return undefined;
  const text = await textOf(objects, record);
  if (text === undefined || text === '') return undefined;
  return redactor.text(text, place, SHOWN);
}

async function textOf(objects: ObjectStore, { content_hash }: ArtifactRecord): Promise<string | undefined> {
  let text = '';
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    let bytes = 0;
    for await (const chunk of objects.stream(content_hash)) {
      const part = chunk.subarray(0, WINDOW_BYTES - bytes);
      text += decoder.decode(part, { stream: true });
      bytes += part.byteLength;
      if (bytes >= WINDOW_BYTES) break;
    }
  } catch (e) {
    if (e instanceof TypeError) return undefined;
    throw e;
  }
  return text.includes('\0') ? undefined : text;
}
