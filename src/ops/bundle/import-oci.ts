import { DEFAULT_LIMITS } from '../../archive/archive-limits.js';
import { memberPaths } from '../../core/bundle/bundle-record.js';
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest/manifest.js';
import { createSha256, sha256 } from '../../core/objects/hash.js';
import {
  type Blob,
  blobPath,
  checkLayoutFile,
  decodeImage,
  decodeImageIndex,
  INDEX_NAME,
  LAYOUT_NAME,
  MAX_IMAGE_BYTES,
} from '../../core/oci/image-layout.js';
import { toSafePath } from '../../core/paths/safe-path.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno, isHsError, prefixed } from '../../errors/hs-error.js';
import type { DiskFile } from '../../fsx/disk.js';
import { SafeDir } from '../../fsx/safe-dir.js';
import { chunksOf } from '../payload/chunks-of.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import type { BundleFile } from './bundle-source.js';
import { checkAlone } from './check-bundle.js';
import type { CheckedMember } from './checked-bundle.js';
import { foreign, lies } from './entry-error.js';
import type { Imported, ImportOptions } from './import-bundle.js';
import { intoBatch } from './into-batch.js';
import { registerMembers } from './register-members.js';
import { MAX_RECORD_BYTES, takeFiles } from './take-files.js';

/**
 * Imports the artifacts of an OCI image layout, a directory, under the rules of a bundle: every digest, size, manifest
 * and content hash is compared before anything is registered, all or none in one commit. Blobs that no image names are
 * left alone, since layouts are shared.
 */
export function importLayout(
  session: Session,
  path: string,
  options: ImportOptions = {},
  limits = LAYOUT_LIMITS,
): Promise<Imported> {
  return session.write('bundle.import', [], async (tx) => {
    const layout = await Layout.open(session, path, limits);
    try {
      session.progress.start('reading', undefined, 'bytes');
      const { members, indexHash } = await layout.members(tx, options).catch((e: unknown) => {
        if (!isHsError(e, 'INTEGRITY', 'HOSTILE_INPUT', 'UNSAFE_PATH', 'INVALID_RECORD', 'INVALID_MANIFEST'))
          throw e;
        const hint = e.hint ?? 'get the layout from its source again';
        throw prefixed(e, `OCI layout '${escapeText(path)}': `, `nothing was imported; ${hint}`);
      });
      const origin = { contentHash: indexHash };
      return { ...origin, artifacts: await registerMembers(session, tx, members, origin, options.ttl) };
    } finally {
      await layout.close();
    }
  });
}

/** Limits on a layout as a whole, whatever the number of its images. */
const LAYOUT_LIMITS = {
  bytes: DEFAULT_LIMITS.maxBytes,
  entries: DEFAULT_LIMITS.maxEntries,
  recordBytes: MAX_RECORD_BYTES,
};

class Layout {
  readonly #session: Session;
  readonly #root: SafeDir;
  /** What the images that are still to be read may take. */
  readonly #left: typeof LAYOUT_LIMITS;

  private constructor(session: Session, root: SafeDir, limits: typeof LAYOUT_LIMITS) {
    this.#session = session;
    this.#root = root;
    this.#left = { ...limits };
  }

  static async open(session: Session, path: string, limits: typeof LAYOUT_LIMITS): Promise<Layout> {
    try {
      return new Layout(session, await SafeDir.open(session.disk, path), limits);
    } catch (e) {
      if (!isErrno(e, 'ENOENT', 'ENOTDIR')) throw e;
      throw new HsError('NOT_FOUND', `there is no directory '${escapeText(path)}'`);
    }
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  /** Reads and checks every image. */
  async members(tx: Transaction, options: ImportOptions) {
    checkLayoutFile(await this.#read(LAYOUT_NAME));
    const index = await this.#read(INDEX_NAME);
    const images = new Map(decodeImageIndex(index).map((image) => [image.id, image]));
    const members = new Map<string, CheckedMember>();
    for (const image of images.values()) {
      const member = await this.#member(tx, image, options);
      const id = member.manifest.artifact_id;
      if (members.has(id)) throw lies(`lists the artifact '${id}' twice`, INDEX_NAME);
      members.set(id, member);
    }
    return { members: [...members.values()], indexHash: sha256(index) };
  }

  async #member(tx: Transaction, image: Blob, options: ImportOptions): Promise<CheckedMember> {
    const { config, layer } = decodeImage(await this.#readBlob(image, MAX_IMAGE_BYTES));
    const bytes = await this.#readBlob(config, MAX_MANIFEST_BYTES);
    const manifest = decodeManifest(bytes);
    const { files, records } = await takeFiles(
      this.#files(manifest, bytes, layer, options),
      intoBatch(this.#session, tx),
      this.#left.recordBytes,
    );
    for (const record of records.values()) this.#left.recordBytes -= record.byteLength;
    return checkAlone(manifest.artifact_id, files, records);
  }

  /** The files of an artifact, at the paths that they have in a bundle. */
  async *#files(
    manifest: Manifest,
    bytes: Uint8Array,
    layer: Blob,
    { nonPortable = false }: ImportOptions,
  ): AsyncGenerator<BundleFile> {
    const at = memberPaths(manifest.artifact_id);
    // Each image takes at least one entry, also that of an empty directory.
    this.#take(bytes.byteLength);
    yield { path: at.manifest, size: bytes.byteLength, executable: false, content: once(bytes) };
    const file = await this.#openBlob(layer, this.#left.bytes);
    try {
      const content = verified(chunksOf(file, layer.size), layer);
      if (manifest.payload_type === 'file') {
        this.#take(layer.size);
        yield { path: at.payload, size: layer.size, executable: false, content };
        return;
      }
      const { readArchive } = await import('../../archive/read-archive.js');
      const limits = { nonPortable, maxBytes: this.#left.bytes, maxEntries: this.#left.entries };
      for await (const entry of readArchive(content, limits)) {
        this.#take(entry.size);
        if (entry.kind === 'file') yield { ...entry, path: toSafePath(`${at.payload}/${entry.path}`) };
      }
    } finally {
      await file.close();
    }
  }

  /** Counts a file or directory; HOSTILE_INPUT beyond what the layout may hold. */
  #take(size: number): void {
    this.#left.bytes -= size;
    this.#left.entries--;
    if (this.#left.bytes >= 0 && this.#left.entries >= 0) return;
    throw foreign('is refused: its images together are over the limit of bytes or files', INDEX_NAME);
  }

  async #read(name: string): Promise<Uint8Array> {
    const file = await openIn(this.#root, name, name);
    try {
      return await collect(file, (await file.stat()).size, MAX_IMAGE_BYTES, name);
    } finally {
      await file.close();
    }
  }

  async #readBlob(blob: Blob, maxBytes: number): Promise<Uint8Array> {
    const file = await this.#openBlob(blob, maxBytes);
    try {
      const bytes = await collect(file, blob.size, maxBytes, blobPath(blob.id));
      if (sha256(bytes) !== blob.id) throw lies('does not match its digest', blobPath(blob.id));
      return bytes;
    } finally {
      await file.close();
    }
  }

  async #openBlob({ id, size }: Blob, maxBytes: number): Promise<DiskFile> {
    const path = blobPath(id);
    if (size > maxBytes) throw tooLarge(path, size, maxBytes);
    const dirs: SafeDir[] = [this.#root];
    try {
      for (const name of ['blobs', 'sha256']) dirs.push(await dirs.at(-1)!.child(name));
      const file = await openIn(dirs.at(-1)!, id, path);
      if ((await file.stat()).size === size) return file;
      await file.close();
      throw lies('does not have the size that is stated', path);
    } catch (e) {
      if (!isErrno(e, 'ENOENT')) throw e;
      throw lies('is missing', path);
    } finally {
      for (const dir of dirs.slice(1).reverse()) await dir.close();
    }
  }
}

/** Opens a file of the layout; INTEGRITY when it is missing, HOSTILE_INPUT when it is not a file. */
async function openIn(dir: SafeDir, name: string, path: string): Promise<DiskFile> {
  const found = await dir.lstat(name);
  if (found === undefined) throw lies('is missing', path);
  if (found.kind !== 'file') throw foreign('is refused: it is a link or a special file', path);
  return dir.openFile(name);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The bytes of a blob; INTEGRITY at the end when they do not match its digest. */
async function* verified(content: AsyncIterable<Uint8Array>, { id }: Blob): AsyncGenerator<Uint8Array> {
  const hash = createSha256();
  for await (const chunk of content) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest() !== id) throw lies('does not match its digest', blobPath(id));
}

async function collect(file: DiskFile, size: number, maxBytes: number, name: string): Promise<Uint8Array> {
  if (size > maxBytes) throw tooLarge(name, size, maxBytes);
  const parts: Uint8Array[] = [];
  for await (const part of chunksOf(file, size)) parts.push(part);
  return Buffer.concat(parts);
}

function tooLarge(path: string, size: number, maxBytes: number): HsError {
  return foreign(`is refused: its ${size} bytes are over the limit of ${maxBytes}`, path);
}
