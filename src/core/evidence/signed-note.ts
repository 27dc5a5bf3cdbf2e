import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { HsError } from '../../errors/hs-error.js';

/** C2SP signed-note: text, an empty line, and lines `— NAME SIGNATURE`. */

const ED25519 = Buffer.of(1);
const HASH_BYTES = 4;
const SIGNATURE_BYTES = 64;
const MAX_NOTE_BYTES = 64 * 1024;
/** What stands in front of the 32 bytes of an Ed25519 key in DER (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Who signs: the name that a note shows, and an Ed25519 public key. */
export interface NoteVerifier {
  readonly name: string;
  readonly publicKey: KeyObject;
}

/** A signer makes 64 bytes of an Ed25519 signature; the private key may be in an agent. */
export interface NoteSigner extends NoteVerifier {
  sign(text: Uint8Array): Promise<Uint8Array>;
}

export interface SignedNote {
  /** With its final newline: exactly the bytes that are signed. */
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly keyHash: Buffer; readonly bytes: Buffer }[];
}

/** A key's name stands in a line of its own, between spaces. */
export function isKeyName(name: string): boolean {
  return name !== '' && name.length <= 256 && !/[\s+\p{Cc}\p{Cf}]/u.test(name);
}

export function ed25519PublicKey(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
}

export function ed25519PrivateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

export function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
}

/** Four bytes that tell which key made a signature: of the name and the key together. */
export function keyHash({ name, publicKey }: NoteVerifier): Buffer {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(ED25519)
    .update(rawPublicKey(publicKey))
    .digest()
    .subarray(0, HASH_BYTES);
}

/** The key as a verifier is told it: `NAME+HASH+KEY` (C2SP signed-note, "vkey"). */
export function verifierKey(verifier: NoteVerifier): string {
  const key = Buffer.concat([ED25519, rawPublicKey(verifier.publicKey)]).toString('base64');
  return `${verifier.name}+${keyHash(verifier).toString('hex')}+${key}`;
}

/** A signer whose private key is at hand. */
export function localSigner(name: string, privateKey: KeyObject): NoteSigner {
  return {
    name,
    publicKey: createPublicKey(privateKey),
    sign: async (text) => sign(null, text, privateKey),
  };
}

/** The note with the signature of `signer` below it. */
export async function signNote(text: string, signer: NoteSigner): Promise<string> {
  const signature = Buffer.concat([keyHash(signer), await signer.sign(Buffer.from(text))]);
  return `${text}\n\u2014 ${signer.name} ${signature.toString('base64')}\n`;
}

function malformed(why: string): HsError {
  return new HsError('INVALID_RECORD', `not a signed note: ${why}`);
}

/** Splits a note into its text and its signatures; INVALID_RECORD. */
export function parseNote(note: string): SignedNote {
  if (Buffer.byteLength(note) > MAX_NOTE_BYTES) throw malformed('it is too long');
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) throw malformed('it has no signature');
  const lines = note.slice(split + 2, -1).split('\n');
  const signatures = lines.map((line) => {
    const match = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line);
    const bytes = Buffer.from(match?.[2] ?? '', 'base64');
    if (match === null || bytes.length <= HASH_BYTES) throw malformed(`the line '${line}' is no signature`);
    return { name: match[1]!, keyHash: bytes.subarray(0, HASH_BYTES), bytes: bytes.subarray(HASH_BYTES) };
  });
  return { text: note.slice(0, split + 1), signatures };
}

/** Whether one of the note's signatures is by this key over exactly its text. */
export function isSignedBy(note: SignedNote, verifier: NoteVerifier): boolean {
  const hash = keyHash(verifier);
  return note.signatures.some(
    (s) =>
      s.name === verifier.name &&
      s.keyHash.equals(hash) &&
      s.bytes.length === SIGNATURE_BYTES &&
      verify(null, Buffer.from(note.text), verifier.publicKey, s.bytes),
  );
}
