import { keyAt, lineEnd, NEWLINE, nearLineEnd, TAB } from '../../../core/catalog/row-lines.js';

/**
 * Compares the key of the line that begins at `at` with `key`. A tab or a newline ends it, both lower than any
 * character of a key.
 */
function compareKey(lines: Buffer, at: number, key: string): number {
  for (let i = 0; i < key.length; i++) {
    const difference = lines[at + i]! - key.charCodeAt(i);
    if (difference !== 0) return difference;
  }
  const next = lines[at + key.length]!;
  return next === TAB || next === NEWLINE ? 0 : 1;
}

/** The line with that key in a block: by bytes, since a string for each key that is passed takes five times as long. */
export function findLine(lines: Buffer, key: string): string | undefined {
  for (let low = 0, high = lines.length; low < high; ) {
    const middle = (low + high) >>> 1;
    let start = middle;
    while (start > low && lines[start - 1] !== NEWLINE) start--;
    const order = compareKey(lines, start, key);
    if (order > 0) {
      high = start;
      continue;
    }
    const end = lineEnd(lines, middle);
    if (order === 0) return lines.toString('utf8', start, end);
    low = end + 1;
  }
  return undefined;
}

/** The number of lines in a block. */
export function countLines(lines: Buffer): number {
  let count = 0;
  for (let at = 0; at < lines.length; at = nearLineEnd(lines, at) + 1) count++;
  return count;
}

/** Those of the lines of a block whose keys are wanted, which follow each other. */
export function* linesWith(lines: Buffer, isWanted: (key: string) => boolean): Generator<Buffer> {
  let start = -1;
  let at = 0;
  while (at < lines.length) {
    const end = lineEnd(lines, at);
    const isOne = isWanted(keyAt(lines, at, end));
    if (isOne && start < 0) start = at;
    if (!isOne && start >= 0) break;
    at = end + 1;
  }
  if (start >= 0) yield lines.subarray(start, at);
}
