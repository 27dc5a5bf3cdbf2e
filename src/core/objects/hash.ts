import { createHash, createHmac, hash } from 'node:crypto';
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

/** HMAC-SHA-256 (RFC 2104) over the parts one after another, in lowercase hex. */
export function hmacSha256(key: string, ...parts: readonly (string | Uint8Array)[]): ObjectId {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest('hex') as ObjectId;
}
