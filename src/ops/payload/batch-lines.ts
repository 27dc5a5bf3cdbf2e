import type * as z from 'zod/mini';
import { parseLoose } from '../../core/json/canonical.js';
import { check } from '../../core/json/schema.js';
import { MAX_MANIFEST_BYTES } from '../../core/manifest/manifest.js';
import { HsError, isHsError, prefixed } from '../../errors/hs-error.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';

/** A line of a batch; lines are counted from 1. */
export interface BatchLine<T> {
  readonly line: number;
  readonly value: T;
}

/** All lines are held until they are committed; these bound the memory for them. */
const MAX_BATCH_BYTES = 128 * 1024 * 1024;
const MAX_LINES = 250_000;

const NEWLINE = 0x0a;
const BLANK = /^[ \t\r]*$/;

/** Runs the work for one line; errors name it. */
export async function atLine<T>(line: number | undefined, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (e) {
    if (line === undefined || !isHsError(e)) throw e;
    throw prefixed(e, `line ${line}: `);
  }
}

/**
 * Reads a batch: JSON Lines of one shape, as users and programs write them; blank lines are skipped. A line that is not
 * of that shape is `code`; more than hs holds in memory is HOSTILE_INPUT. Errors name the line.
 */
export async function readBatch<S extends z.ZodMiniType>(
  chunks: AsyncIterable<Uint8Array>,
  schema: S,
  code: 'USAGE' | 'INVALID_MANIFEST',
): Promise<BatchLine<z.output<S>>[]> {
  const lines: BatchLine<z.output<S>>[] = [];
  for await (const { line, bytes } of numbered(chunks)) {
    await yieldToEvents();
    if (lines.length === MAX_LINES) throw tooMuch(`more than ${MAX_LINES} lines`);
    const value = await atLine(line, () => check(schema, toJson(bytes, code), code, 'it'));
    lines.push({ line, value });
  }
  return lines;
}

function toJson(bytes: Uint8Array, code: 'USAGE' | 'INVALID_MANIFEST'): unknown {
  try {
    return parseLoose(bytes, MAX_MANIFEST_BYTES);
  } catch (e) {
    if (!isHsError(e, 'INVALID_RECORD')) throw e;
    throw new HsError(code, e.message, { cause: e });
  }
}

function tooMuch(what: string): HsError {
  return new HsError('HOSTILE_INPUT', `the batch has ${what}`, { hint: 'split it into several' });
}

async function* numbered(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly line: number; readonly bytes: Uint8Array }, void> {
  let line = 0;
  let total = 0;
  let rest: Uint8Array = new Uint8Array();
  const isBlank = (bytes: Uint8Array) =>
    bytes.byteLength < 256 && BLANK.test(Buffer.from(bytes).toString('latin1'));
  for await (const chunk of chunks) {
    total += chunk.byteLength;
    if (total > MAX_BATCH_BYTES) throw tooMuch(`more than ${MAX_BATCH_BYTES} bytes`);
    let data = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let at = data.indexOf(NEWLINE); at >= 0; at = data.indexOf(NEWLINE)) {
      line++;
      if (!isBlank(data.subarray(0, at))) yield { line, bytes: data.subarray(0, at) };
      data = data.subarray(at + 1);
    }
    if (data.byteLength > MAX_MANIFEST_BYTES) {
      throw tooMuch(`a line longer than ${MAX_MANIFEST_BYTES} bytes, line ${line + 1}`);
    }
    rest = data;
  }
  if (!isBlank(rest)) yield { line: line + 1, bytes: rest };
}
