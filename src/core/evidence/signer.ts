import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { rawPublicKey } from './ed25519.js';
import { wireString } from './ssh-wire.js';

/** Makes 64-byte Ed25519 signatures; the private key may be in an agent. */
export interface Signer {
  readonly publicKey: KeyObject;
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** A signer with a private key in memory. */
export function localSigner(privateKey: KeyObject): Signer {
  return { publicKey: createPublicKey(privateKey), sign: async (bytes) => sign(null, bytes, privateKey) };
}

/** The key's fingerprint as printed by `ssh-keygen -l`. */
export function keyFingerprint(publicKey: KeyObject): string {
  const blob = Buffer.concat([wireString('ssh-ed25519'), wireString(rawPublicKey(publicKey))]);
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
