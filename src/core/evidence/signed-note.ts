import { createHash, type KeyObject, verify } from 'node:crypto';
import { HsError } from '../../errors/hs-error.js';
import { rawPublicKey } from './ed25519.js';
import type { Signer } from './signer.js';

/** C2SP signed-note: text, an empty line, and lines `— NAME SIGNATURE`. */

const ED25519 = Buffer.of(1);
const HASH_BYTES = 4;
const SIGNATURE_BYTES = 64;
const MAX_NOTE_BYTES = 64 * 1024;

/** A signer's identity: the name shown in notes, and an Ed25519 public key. */
export interface NoteVerifier {
  readonly name: string;
  readonly publicKey: KeyObject;
}

/** Signs notes under a name. */
export interface NoteSigner extends NoteVerifier, Signer {}

export interface SignedNote {
  /** The signed bytes exactly, with the final newline. */
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly keyHash: Buffer; readonly bytes: Buffer }[];
}

/** Key names appear in a line between spaces. */
export function isKeyName(name: string): boolean {
  return name !== '' && name.length <= 256 && !/[\s+\p{Cc}\p{Cf}]/u.test(name);
}

/** Four bytes that identify the key of a signature, derived from name and key together. */
export function keyHash({ name, publicKey }: NoteVerifier): Buffer {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(ED25519)
    .update(rawPublicKey(publicKey))
    .digest()
    .subarray(0, HASH_BYTES);
}

/** The key in the form that verifiers accept: `NAME+HASH+KEY` (C2SP signed-note, "vkey"). */
export function verifierKey(verifier: NoteVerifier): string {
  const key = Buffer.concat([ED25519, rawPublicKey(verifier.publicKey)]).toString('base64');
  return `${verifier.name}+${keyHash(verifier).toString('hex')}+${key}`;
}

/** The note with the signature of `signer` appended. */
export async function signNote(text: string, signer: NoteSigner): Promise<string> {
  const signature = Buffer.concat([keyHash(signer), await signer.sign(Buffer.from(text))]);
  return `${text}\n\u2014 ${signer.name} ${signature.toString('base64')}\n`;
}

function malformed(why: string): HsError {
  return new HsError('INVALID_RECORD', `not a signed note: ${why}`);
}

/** Splits a note into text and signatures; INVALID_RECORD. */
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
