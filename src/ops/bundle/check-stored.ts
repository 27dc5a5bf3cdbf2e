import { BUNDLE_INDEX_NAME, memberPaths } from '../../core/bundle/bundle-record.js';
import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { MAX_MANIFEST_BYTES } from '../../core/manifest/manifest.js';
import { decodeBundleIndex, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import { type SafePath, toSafePath } from '../../core/paths/safe-path.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import { checkAlone } from './check-bundle.js';
import type { CheckedMember, TakenFile } from './checked-bundle.js';
import { lies } from './entry-error.js';
import { isRecord, mostBytesOf } from './take-files.js';

/**
 * Checks an artifact of another store as the member of a bundle is checked: its manifest against its ledger, its index
 * and, for a bundle, the members in it. The bytes of its files are not read; whoever copies them compares them.
 */
export async function checkStored(objects: ObjectStore, record: ArtifactRecord): Promise<CheckedMember> {
  const { artifact_id: id, payload_type, content_hash, size_bytes } = record;
  const at = memberPaths(id);
  const records = new Map<string, Uint8Array>();
  records.set(at.manifest, await objects.read(record.manifest, MAX_MANIFEST_BYTES));
  const files: TakenFile[] = [
    { path: at.manifest, hash: record.manifest, size: record.manifest_size_bytes, executable: false },
  ];
  if (payload_type === 'file') {
    files.push({ path: at.payload, hash: content_hash, size: size_bytes, executable: false });
  } else {
    const index = decodeBundleIndex(await objects.read(content_hash, MAX_INDEX_BYTES));
    const isBundle =
      record.kind === 'bundle' && index.some((e) => e.path === (BUNDLE_INDEX_NAME as SafePath));
    for (const e of index) {
      const path = toSafePath(`${at.payload}/${e.path}`);
      files.push({ path, hash: e.content_hash, size: e.size_bytes, executable: e.executable === true });
      if (!isBundle || !isRecord(path) || e.size_bytes > mostBytesOf(path)) continue;
      records.set(path, await objects.read(e.content_hash, mostBytesOf(path)));
    }
  }
  const member = checkAlone(id, files, records);
  for (const key of ['content_hash', 'payload_type', 'kind', 'size_bytes'] as const) {
    if (member.manifest[key] !== record[key])
      throw lies(`states another ${key} than the ledger`, at.manifest);
  }
  return member;
}
