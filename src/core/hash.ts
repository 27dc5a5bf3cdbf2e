import { createHash, hash } from 'node:crypto';
import type { ObjectId } from './ids.js';

export interface Sha256 {
  update(bytes: Uint8Array): void;
  digest(): ObjectId;
}

/** Incremental SHA-256 (A2). */
export function createSha256(): Sha256 {
  const hash = createHash('sha256');
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    digest: () => hash.digest('hex') as ObjectId,
  };
}

/** The name of an object with these bytes (A2). */
export function sha256(bytes: Uint8Array): ObjectId {
  return hash('sha256', bytes, 'hex') as ObjectId;
}
