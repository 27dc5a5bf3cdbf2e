import type { output, ZodMiniType } from 'zod/mini';
import type { Context } from '../../src/cli/command-context.js';
import type { FileReading } from '../../src/cli/io/typed-file.js';
import { text } from '../../src/cli/options.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { BatchLine } from '../../src/ops/payload/batch-lines.js';

/** An option of every command that takes a batch. */
export const MANIFEST_LINES = text(
  'FILE',
  'read a batch from FILE, or from standard input if it is -: one JSON object per line',
  { complete: 'file' },
);

/** What all of them say of it. */
export const BATCH_RULES =
  'Blank lines are skipped. All lines are applied in one commit, or none: an error names the line, and leaves the store as it was. A batch has at most 250,000 lines, 128 MiB, and 1 MiB a line.';

/** Reads the batch that `--manifest-lines` names. */
export async function readLines<S extends ZodMiniType>(
  reading: FileReading & Pick<Context, 'stdin'>,
  file: string,
  schema: S,
  code: 'USAGE' | 'INVALID_MANIFEST' = 'USAGE',
): Promise<BatchLine<output<S>>[]> {
  const { readBatch } = await import('../../src/ops/payload/batch-lines.js');
  const { typedChunks } = await import('../../src/cli/io/typed-file.js');
  const chunks = file === '-' ? reading.stdin.bytes() : typedChunks(reading, file);
  return readBatch(chunks, schema, code);
}

/** USAGE if anything is given that cannot be given together with `option`; `given` has what it is called. */
export function refuseBesides(option: string, given: Readonly<Record<string, boolean>>): void {
  const [label] = Object.entries(given).find(([, isGiven]) => isGiven) ?? [];
  if (label === undefined) return;
  throw new HsError('USAGE', `${label} cannot be given together with '${option}'`);
}
