import { type PublicKey, parsePublicKey } from '../core/evidence/keys.js';
import { HsError, isErrno } from '../errors/hs-error.js';
import type { Context } from './command-context.js';

/** An attestation lists the files of a directory; the other formats are small. */
const MAX_BYTES = 64 * 1024 * 1024;
type Reading = Pick<Context, 'disk' | 'path' | 'stdin'>;

/** A note, proof or key from a file, or from standard input for `-`. NOT_FOUND. */
export async function readEvidence({ disk, path, stdin }: Reading, file: string): Promise<Buffer> {
  if (file === '-') return Buffer.from(await stdin.all(MAX_BYTES));
  try {
    return Buffer.from(await (await disk()).readFile(path(file), MAX_BYTES));
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR')) throw new HsError('NOT_FOUND', `there is no file '${file}'`);
    throw e;
  }
}

/** A public key: `NAME+HASH+KEY` itself, else the file that contains one. */
export async function readPublicKey(reading: Reading, given: string): Promise<PublicKey> {
  if (/^\S+\+[0-9a-f]{8}\+\S+$/.test(given)) return parsePublicKey(given);
  return parsePublicKey((await readEvidence(reading, given)).toString('utf8'));
}
