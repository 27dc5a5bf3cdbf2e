import type { ExportTarget } from '../../core/guard/target-kinds.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { type ErrorCode, HsError } from '../../errors/hs-error.js';

/** What to copy from one store to another. */
export interface TransferRequest {
  /** As a user names them in the store that they come from; absent: every live artifact there. */
  readonly artifacts?: readonly string[];
  /** Also copy what they were made from, as far as it is there. */
  readonly withSources?: boolean;
  /** Content hashes of restricted content that is allowed to leave anyway (B6). */
  readonly consents?: readonly ObjectId[];
  /** The purpose of the other store, for the record. */
  readonly target?: ExportTarget;
  readonly displayProjectionRef?: string;
  /** TTL in days for sensitive artifacts that need one and have none (A6). */
  readonly ttl?: number;
}

export interface TransferredArtifact {
  readonly artifactId: ArtifactId;
  readonly contentHash: ObjectId;
  readonly sizeBytes: number;
  /** Existed there already, with the same content: no bytes were copied. */
  readonly present: boolean;
  /** Is stricter there than before, or than it is here, since the stricter of two classifications applies. */
  readonly tightened: boolean;
  /** Was approved or frozen here; only a promotion there can make it so. */
  readonly demoted: boolean;
  /** New or revised there with an expired TTL: the next collection removes it. */
  readonly ttlOver: boolean;
}

/** What became of one artifact. */
export type TransferResult = { readonly artifact: TransferredArtifact } | { readonly error: HsError };

/** Errors that end the whole transfer: nothing else would succeed either, or nobody can tell. */
const FATAL: ReadonlySet<ErrorCode> = new Set([
  'BUG',
  'INTERRUPTED',
  'TERMINATED',
  'SYSTEM',
  'OUTCOME_UNKNOWN',
  'ROLLED_BACK',
  'LEDGER_BROKEN',
]);

/** The error of one artifact, which does not stop the others; any other error is thrown. */
export async function attempted<T>(work: () => Promise<T>): Promise<T | HsError> {
  try {
    return await work();
  } catch (e) {
    if (!(e instanceof HsError) || FATAL.has(e.code)) throw e;
    // Not how the command was used, but what this artifact lacks.
    if (e.code !== 'USAGE') return e;
    return new HsError('INVALID_MANIFEST', e.message, {
      ...(e.hint === undefined ? {} : { hint: e.hint }),
      cause: e,
    });
  }
}
