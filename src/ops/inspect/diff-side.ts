import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import type { PayloadType } from '../../core/manifest/vocabulary.js';
import {
  type BundleIndex,
  decodeBundleIndex,
  encodeBundleIndex,
  MAX_INDEX_BYTES,
} from '../../core/objects/bundle-index.js';
import { sha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError } from '../../errors/hs-error.js';
import { demandRead } from '../guard/read-gate.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import { hashFile } from '../payload/hash-file.js';
import { indexTree } from '../payload/hash-tree.js';
import { refuseInStore } from '../payload/read-source.js';
import type { Session } from '../session/session.js';

/** What is compared: an artifact as a user names it, or a file or directory outside the store. */
export type DiffTarget = { readonly artifact: string } | { readonly path: string };

/** A larger file is compared by its hash alone. */
export const MOST_TEXT_BYTES = 16 * 1024 * 1024;

/** One side of a comparison. */
export interface DiffSide {
  readonly type: PayloadType;
  readonly contentHash: ObjectId;
  readonly sizeBytes: number;
  /** The name to show for a single file. */
  readonly name: string;
  /** The files of a directory. */
  index(): Promise<BundleIndex>;
  /** The bytes of a file of it; undefined if it is too large. `path` is its place in a directory. */
  read(id: ObjectId, size: number, path: string | undefined): Promise<Uint8Array | undefined>;
}

/** Opens a side, after the gate for reading its index, or all of it (B5). */
export async function openSide(
  session: Session,
  catalog: Catalog,
  target: DiffTarget,
  read: 'index' | 'all',
): Promise<DiffSide> {
  if ('path' in target) return outsideSide(session, target.path);
  const record = await resolveArtifact(catalog, target.artifact);
  await demandRead(session, catalog, record, read);
  return storedSide(session, record);
}

function storedSide({ store: { objects } }: Session, r: ArtifactRecord): DiffSide {
  return {
    type: r.payload_type,
    contentHash: r.content_hash,
    sizeBytes: r.size_bytes,
    name: r.filename_hint ?? r.name ?? r.artifact_id,
    index: async () => decodeBundleIndex(await objects.read(r.content_hash, MAX_INDEX_BYTES)),
    read: async (id, size) => (size > MOST_TEXT_BYTES ? undefined : objects.read(id, MOST_TEXT_BYTES)),
  };
}

async function outsideSide(session: Session, path: string): Promise<DiffSide> {
  const { disk, progress } = session;
  await refuseInStore(session, path);
  const root = await disk.realpath(path);
  const name = root.split('/').pop()!;
  const read: DiffSide['read'] = async (id, size, inside) => {
    if (size > MOST_TEXT_BYTES) return undefined;
    const bytes = await disk.readFile(inside === undefined ? root : `${root}/${inside}`, MOST_TEXT_BYTES);
    if (sha256(bytes) === id) return bytes;
    throw new HsError('SOURCE_CHANGED', `'${escapeText(inside ?? path)}' changed while it was read`);
  };
  progress.start('hashing', undefined, 'bytes');
  if ((await disk.stat(root)).kind !== 'directory') {
    const { hash, size } = await hashFile(disk, root, progress);
    const index = () => Promise.reject(new HsError('BUG', 'a file has no index'));
    return { type: 'file', contentHash: hash, sizeBytes: size, name, index, read };
  }
  let links = 0;
  const index = await indexTree(disk, root, session.store.local.directory, progress, ({ why }) => {
    if (why === 'link') links++;
  });
  progress.done();
  if (links > 0) session.warn(`links are not compared: ${links}`);
  return {
    type: 'directory',
    contentHash: sha256(encodeBundleIndex(index)),
    sizeBytes: index.reduce((sum, e) => sum + e.size_bytes, 0),
    name,
    index: async () => index,
    read,
  };
}
