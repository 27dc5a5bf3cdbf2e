import type { HsError } from '../../errors/hs-error.js';
import { type NamedFile, namedChunks, readNamed } from '../../ops/payload/named-file.js';
import type { Context } from '../command-context.js';

export type FileReading = Pick<Context, 'disk' | 'path' | 'signal'>;

async function named({ disk, path, signal }: FileReading, typed: string): Promise<NamedFile> {
  return { disk: await disk(), signal, path: path(typed), typed };
}

/** The bytes of a file or pipe that is named on the command line, as by `namedChunks`. */
export async function* typedChunks(reading: FileReading, typed: string): AsyncGenerator<Uint8Array, void> {
  yield* namedChunks(await named(reading, typed));
}

/** All of it, as by `readNamed`. */
export async function readTyped(
  reading: FileReading,
  typed: string,
  maxBytes: number,
  tooLarge?: () => HsError,
): Promise<Buffer> {
  return readNamed(await named(reading, typed), maxBytes, tooLarge);
}
