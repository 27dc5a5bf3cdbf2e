import { encodeBundleIndex } from '../../core/objects/bundle-index.js';
import type { Session } from '../session/session.js';
import type { Hashed } from './hash-file.js';
import { readSourceFile, refuseInStore } from './read-source.js';
import { storeTree } from './store-tree.js';
import { streamSource } from './stream-source.js';
import { realDirectory } from './walk-tree.js';

/** The source of an object: a file, a directory (its files and its index), or a stream. */
export type ObjectInput =
  | { readonly path: string; readonly directory: boolean }
  | { readonly stream: AsyncIterable<Uint8Array> };

/**
 * Stores objects that nothing refers to yet, all durable on return. A later collection removes them unless a commit
 * names them first. Damaged existing copies are replaced.
 */
export async function storeObjects(session: Session, sources: readonly ObjectInput[]): Promise<Hashed[]> {
  return session.write('artifact.create', [], async ({ batch }) => {
    const stored: Hashed[] = [];
    const advance = (bytes: number) => {
      session.signal.throwIfAborted();
      session.progress.advance(bytes);
    };
    session.progress.start('storing', undefined, 'bytes');
    for (const source of sources) {
      if ('stream' in source) {
        const { id, size } = await batch.addSource(streamSource(source.stream), advance);
        stored.push({ hash: id, size });
      } else if (source.directory) {
        const { contentHash, index } = await storeTree(
          session,
          batch,
          await realDirectory(session.disk, source.path),
          {},
        );
        stored.push({ hash: contentHash, size: encodeBundleIndex(index).byteLength });
      } else {
        await refuseInStore(session, source.path);
        const read = await readSourceFile(session.disk, source.path, source.path, batch, advance, {
          follow: true,
        });
        stored.push({ hash: read.id, size: read.size });
      }
    }
    await batch.publish();
    session.progress.done();
    return stored;
  });
}
