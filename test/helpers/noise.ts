import { sha256 } from '../../src/core/objects/hash.js';

/** Bytes that cannot be compressed, the same for the same seed. */
export function noise(seed: number, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let n = 0; n * 32 < size; n++) parts.push(Buffer.from(sha256(Buffer.from(`${seed} ${n}`)), 'hex'));
  return Buffer.concat(parts).subarray(0, size);
}
