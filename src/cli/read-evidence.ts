import { type PublicKey, parsePublicKey } from '../core/evidence/keys.js';
import type { Context } from './command-context.js';
import { type FileReading, readTyped } from './io/typed-file.js';

/** An attestation lists the files of a directory; the other formats are small. */
const MAX_BYTES = 64 * 1024 * 1024;
type Reading = FileReading & Pick<Context, 'stdin'>;

/** A note, proof or key from a file, or from standard input for `-`. NOT_FOUND. */
export async function readEvidence(reading: Reading, file: string): Promise<Buffer> {
  if (file === '-') return Buffer.from(await reading.stdin.all(MAX_BYTES));
  return readTyped(reading, file, MAX_BYTES);
}

/** A public key: `NAME+HASH+KEY` itself, else the file that contains one. */
export async function readPublicKey(reading: Reading, given: string): Promise<PublicKey> {
  if (/^\S+\+[0-9a-f]{8}\+\S+$/.test(given)) return parsePublicKey(given);
  return parsePublicKey((await readEvidence(reading, given)).toString('utf8'));
}
