import type { IndexEntry } from '../core/objects/bundle-index.js';
import { toSafePath } from '../core/paths/safe-path.js';
import { isHsError } from '../errors/hs-error.js';
import type { Hashed } from '../ops/payload/hash-file.js';
import * as given from './arguments.js';
import { camelCased } from './camel-case.js';
import type { CallOptions, Source } from './options.js';
import type { HashedContent, IndexFile, ObjectCounts, WrittenIndex } from './results.js';
import { withStreams } from './source-streams.js';
import { StoreHandle } from './store-handle.js';

/** Objects: bytes by their SHA-256, below the artifacts. */
export class ObjectMethods extends StoreHandle {
  /**
   * Stores contents without registering an artifact, all or none (`hs hash-object -w`). A later collection removes what
   * no artifact uses by then. A directory is stored as its files and their index.
   *
   * @example
   * const [file, bytes] = await store.writeObjects(['report.html', Buffer.from('hello\n')]);
   * file.contentHash === (await store.resolve('report')).contentHash; // → true
   * bytes.sizeBytes; // → 6
   */
  async writeObjects(sources: readonly Source[], options: CallOptions = {}): Promise<HashedContent[]> {
    return withStreams(async (streams) => {
      if (Array.isArray(sources)) for (const source of sources) streams.take(source);
      const [session] = this.begin(given.callOptions(options));
      const { storeObjects } = await import('../ops/payload/store-objects.js');
      const { isDirectory } = await import('../ops/payload/is-directory.js');
      const asked = given
        .sources(sources)
        .map((s) =>
          'stream' in s ? { stream: streams.open(s.stream, session.signal) } : { path: this.path(s.path) },
        );
      const from: Parameters<typeof storeObjects>[1][number][] = [];
      for (const { path, stream } of asked) {
        if (stream !== undefined) from.push({ stream });
        else from.push({ path, directory: await isDirectory(session.disk, path) });
      }
      return (await storeObjects(session, from)).map(toContent);
    });
  }

  /**
   * The bytes of an object, verified (`hs cat-object`). `hash` may be a unique prefix of at least 6 digits.
   *
   * @example
   * const { contentHash } = await store.resolve('report');
   * String(await store.readObject(contentHash)); // → '<h1>Report</h1>\n'
   */
  async readObject(hash: string, options: CallOptions = {}): Promise<Buffer> {
    const [session] = this.begin(given.callOptions(options));
    const { readObject } = await import('../ops/inspect/read-object.js');
    const typed = given.text(hash, 'hash');
    return readObject(session, typed, async (id) => Buffer.from(await session.store.objects.read(id)));
  }

  /**
   * The same as a stream, for objects of any size. It throws INTEGRITY before the first chunk if up to 8 MiB are
   * damaged, else at the end, and then none of the chunks may be used.
   *
   * @example
   * const { contentHash } = await store.resolve('report');
   * let size = 0;
   * for await (const chunk of store.streamObject(contentHash)) size += chunk.length;
   * size; // → 16
   */
  async *streamObject(hash: string, options: CallOptions = {}): AsyncGenerator<Uint8Array, void> {
    const [session] = this.begin(given.callOptions(options));
    const { streamObject } = await import('../ops/inspect/read-object.js');
    yield* streamObject(session, given.text(hash, 'hash'));
  }

  /**
   * Whether an object is in the store. To know of one needs the right to read it.
   *
   * @example
   * const { contentHash } = await hash('report.html');
   * await store.hasObject(contentHash); // → true
   * await store.hasObject('0'.repeat(64)); // → false
   */
  async hasObject(hash: string, options: CallOptions = {}): Promise<boolean> {
    const [session] = this.begin(given.callOptions(options));
    const { readObject } = await import('../ops/inspect/read-object.js');
    const typed = given.text(hash, 'hash');
    return readObject(session, typed, async () => true).catch((error) => {
      if (isHsError(error, 'NOT_FOUND')) return false;
      throw error;
    });
  }

  /**
   * The files of a bundle index, by its hash, which is the content hash of a directory (`hs ls-index`).
   *
   * @example
   * const { contentHash } = await store.resolve('dist');
   * (await store.readIndex(contentHash)).map((file) => file.path); // → ['README.md', 'app.js']
   */
  async readIndex(hash: string, options: CallOptions = {}): Promise<readonly IndexFile[]> {
    const [session] = this.begin(given.callOptions(options));
    const { readIndex } = await import('../ops/inspect/read-object.js');
    return camelCased(await readIndex(session, given.text(hash, 'hash')));
  }

  /**
   * Stores a directory and its index, or the index of files whose objects are in the store (`hs write-index`). No
   * artifact uses them until `writeManifest` registers one.
   *
   * @example
   * const written = await store.writeIndex('dist');
   * const files = await store.readIndex(written.contentHash);
   * const without = await store.writeIndex(files.filter((file) => file.path !== 'README.md'));
   * [written.files, without.files]; // → [2, 1]
   */
  async writeIndex(from: string | readonly IndexFile[], options: CallOptions = {}): Promise<WrittenIndex> {
    const [session] = this.begin(given.callOptions(options));
    const { writeIndexEntries, writeIndexOf } = await import('../ops/put/write-index.js');
    if (typeof from === 'string') return camelCased(await writeIndexOf(session, this.path(from)));
    const entries = given.indexFiles(from).map(
      ({ path, contentHash, sizeBytes, executable }): IndexEntry => ({
        path: toSafePath(path),
        content_hash: contentHash,
        size_bytes: sizeBytes,
        ...(executable === true ? { executable } : {}),
      }),
    );
    return camelCased(await writeIndexEntries(session, entries));
  }

  /**
   * Counts what is in the store by listing it, without hashing (`hs count-objects`).
   *
   * @example
   * const { objects, ledgerEntries } = await store.countObjects();
   * objects > 2 && ledgerEntries === 3; // → true
   */
  async countObjects(options: CallOptions = {}): Promise<ObjectCounts> {
    const [session] = this.begin(given.callOptions(options));
    const { countObjects } = await import('../ops/inspect/count-objects.js');
    return camelCased(await countObjects(session));
  }
}

const toContent = ({ hash, size }: Hashed): HashedContent => ({ contentHash: hash, sizeBytes: size });
