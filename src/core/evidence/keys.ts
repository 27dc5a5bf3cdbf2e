import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { HsError } from '../../errors/hs-error.js';
import { ed25519PrivateKey, ed25519PublicKey } from './ed25519.js';
import { isKeyName, keyHash, type NoteVerifier } from './signed-note.js';
import { WireReader } from './ssh-wire.js';

const SSH_ED25519 = 'ssh-ed25519';
const OPENSSH =
  /^-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----\s*$/;
const OPENSSH_MAGIC = 'openssh-key-v1\0';
const KEY_BYTES = 32;

/** A public key; one given as `NAME+HASH+KEY` is only valid for notes of that name. */
export interface PublicKey {
  readonly publicKey: KeyObject;
  readonly name?: string;
}

function notAKey(what: string, why: string, hint?: string): HsError {
  return new HsError('USAGE', `${what}: ${why}`, hint === undefined ? {} : { hint });
}

function demandEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError(`an ${key.asymmetricKeyType} key`);
  return key;
}

/** Parses an unencrypted Ed25519 private key in OpenSSH format or PEM (PKCS #8); USAGE. */
export function parsePrivateKey(text: string): KeyObject {
  const openssh = OPENSSH.exec(text);
  if (openssh !== null) return opensshKey(Buffer.from(openssh[1]!, 'base64'));
  try {
    return demandEd25519(createPrivateKey(text));
  } catch {
    throw notAKey(
      'the private key',
      'not an Ed25519 key in the format of OpenSSH or PEM, or one with a passphrase',
      'ssh-keygen -t ed25519 makes one; for one with a passphrase use --key ssh-agent',
    );
  }
}

/** The format of OpenSSH's PROTOCOL.key. */
function opensshKey(bytes: Buffer): KeyObject {
  const reader = new WireReader(bytes);
  if (reader.take(OPENSSH_MAGIC.length).toString('latin1') !== OPENSSH_MAGIC)
    throw notAKey('the private key', 'not in the format of OpenSSH');
  const cipher = reader.string().toString();
  reader.string();
  reader.string();
  if (cipher !== 'none' || reader.uint32() !== 1) {
    throw notAKey(
      'the private key',
      'it has a passphrase, or is several keys',
      'ssh-add it, and use --key ssh-agent',
    );
  }
  reader.string();
  const secret = new WireReader(reader.string());
  const [one, other, type] = [secret.uint32(), secret.uint32(), secret.string().toString()];
  if (one !== other || type !== SSH_ED25519)
    throw notAKey('the private key', `of type ${type}, not ${SSH_ED25519}`);
  secret.string();
  return ed25519PrivateKey(secret.string().subarray(0, KEY_BYTES));
}

/** The 32 bytes of an `ssh-ed25519` key in SSH encoding, or undefined for another type. */
export function sshKeyBytes(blob: Uint8Array): Buffer | undefined {
  const reader = new WireReader(blob);
  if (reader.string().toString() !== SSH_ED25519) return undefined;
  const key = reader.string();
  return key.length === KEY_BYTES ? key : undefined;
}

/** Parses a public key as `NAME+HASH+KEY`, as an OpenSSH line, or in PEM; USAGE. */
export function parsePublicKey(text: string): PublicKey {
  const trimmed = text.trim();
  const parts = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(trimmed);
  if (parts !== null) return verifierOf(parts[1]!, parts[2]!, Buffer.from(parts[3]!, 'base64'));
  const ssh = /^ssh-ed25519 ([A-Za-z0-9+/]+=*)( .*)?$/.exec(trimmed);
  const raw = ssh === null ? undefined : sshKeyBytes(Buffer.from(ssh[1]!, 'base64'));
  if (raw !== undefined) return { publicKey: ed25519PublicKey(raw) };
  try {
    return { publicKey: demandEd25519(createPublicKey(trimmed)) };
  } catch {
    throw notAKey(
      'the public key',
      'not an Ed25519 key as NAME+HASH+KEY, as a line of OpenSSH, or in PEM',
      'hs ledger sign --verbose tells the key that it signs with',
    );
  }
}

function verifierOf(name: string, hash: string, key: Buffer): NoteVerifier {
  if (key.length !== KEY_BYTES + 1 || key[0] !== 1 || !isKeyName(name))
    throw notAKey('the public key', 'not an Ed25519 verifier key');
  const verifier = { name, publicKey: ed25519PublicKey(key.subarray(1)) };
  if (keyHash(verifier).toString('hex') !== hash)
    throw notAKey('the public key', 'its hash does not match: it was not copied whole');
  return verifier;
}
