import { streamSource } from '../payload/stream-source.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import type { Intakes } from './take-files.js';

/** Stores files in the batch of a transaction, with progress; an interruption stops it between two files. */
export function intoBatch({ progress, signal }: Session, { batch }: Transaction): Intakes {
  return {
    stream: (content) => batch.addSource(streamSource(content), (n) => progress.advance(n)),
    bytes: async (bytes) => {
      signal.throwIfAborted();
      const added = await batch.addBytes(bytes);
      progress.advance(bytes.byteLength);
      return added;
    },
  };
}
