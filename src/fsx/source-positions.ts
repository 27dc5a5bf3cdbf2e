import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FRAME = /^ {4}at (?:(.*) \()?(.*):(\d+):(\d+)\)?$/;

/**
 * The innermost `count` frames of an error, without Node's own, as `at put (src/ops/put/put.ts:42:7)`. Uses source
 * maps if the program was built with them.
 */
export function sourceFrames(e: Error, count: number): string[] {
  const maps = new Map<string, SourceMap | undefined>();
  const frames: string[] = [];
  for (const line of (e.stack ?? '').split('\n')) {
    const [, name, file, row, column] = FRAME.exec(line) ?? [];
    if (file === undefined || file.startsWith('node:')) continue;
    if (!maps.has(file)) maps.set(file, mapOf(file));
    const place = sourceOf(maps.get(file), Number(row), Number(column)) ?? `${file}:${row}:${column}`;
    frames.push(name === undefined ? `at ${place}` : `at ${name} (${place})`);
    if (frames.length === count) break;
  }
  return frames;
}

function mapOf(file: string): SourceMap | undefined {
  try {
    const dist = dirname(fileURLToPath(import.meta.url));
    return new SourceMap(JSON.parse(readFileSync(join(dist, `${basename(file)}.map`), 'utf8')));
  } catch {
    // No source map: the position in the running code is better than another failure.
    return undefined;
  }
}

/** A source map counts lines and columns from zero, a stack trace from one. */
function sourceOf(map: SourceMap | undefined, row: number, column: number): string | undefined {
  const entry = map?.findEntry(row - 1, column - 1);
  if (entry === undefined || !('originalSource' in entry)) return undefined;
  const source = entry.originalSource.replace(/^(\.\.\/)+/, '');
  return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}
