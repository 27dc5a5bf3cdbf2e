import { MAX_BUNDLE_INDEX_BYTES } from '../../core/bundle/bundle-record.js';
import { DEBUG_DOCUMENTS } from '../../core/debug/document-formats.js';
import { MAX_MANIFEST_BYTES } from '../../core/manifest/manifest.js';
import { MANIFEST_NAME } from '../../core/manifest/manifest-name.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { BundleFile } from './bundle-source.js';
import type { TakenFile } from './checked-bundle.js';

type Taken = Promise<{ readonly id: ObjectId; readonly size: number }>;

/** Store files, or only hash them. */
export interface Intakes {
  stream(content: AsyncIterable<Uint8Array>): Taken;
  bytes(bytes: Uint8Array): Taken;
}

export const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const DOCUMENT = DEBUG_DOCUMENTS.map((name) => name.replace('.', '\\.')).join('|');
/** The files to read and check, in a bundle and in nested bundles. */
const RECORD = new RegExp(
  `^(?:members/${UUID}/payload/)*(?:bundle_index\\.json|export_report\\.json|artifact\\.json|${DOCUMENT}|members/${UUID}/artifact\\.json)$`,
);
/** Manifests held in memory at once: 100,000 members of 1 KiB each. */
export const MAX_RECORD_BYTES = 256 * 1024 * 1024;
/** Smaller files are read whole: a stream's buffers cost more than their bytes. */
const SMALL_BYTES = 1024 * 1024;

/** Whether the file at this path is read, not only hashed. */
export function isRecord(path: string): boolean {
  return RECORD.test(path);
}

/** Takes in all files; the bytes of records are kept for the checks, as far as memory allows (`maxHeld`, in bytes). */
export async function takeFiles(
  source: AsyncIterable<BundleFile>,
  take: Intakes,
  maxHeld = MAX_RECORD_BYTES,
): Promise<{ readonly files: TakenFile[]; readonly records: ReadonlyMap<string, Uint8Array> }> {
  const files: TakenFile[] = [];
  const records = new Map<string, Uint8Array>();
  let held = 0;
  for await (const { path, size, executable, content } of source) {
    let taken: Awaited<Taken>;
    if (isRecord(path) && size <= mostBytesOf(path) && held + size <= maxHeld) {
      const bytes = await collect(content);
      held += bytes.byteLength;
      records.set(path, bytes);
      taken = await take.bytes(bytes);
    } else if (size <= SMALL_BYTES) taken = await take.bytes(await collect(content));
    else taken = await take.stream(content);
    files.push({ path, hash: taken.id, size: taken.size, executable });
  }
  return { files, records };
}

/** Anything larger cannot be one of these records, and is reported as missing. */
export function mostBytesOf(path: string): number {
  return path.endsWith(MANIFEST_NAME) ? MAX_MANIFEST_BYTES : MAX_BUNDLE_INDEX_BYTES;
}

async function collect(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}
