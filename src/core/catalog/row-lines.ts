/** A row of a table as text: a key and its value as JSON; without a value, the key is removed. */
export interface Row {
  readonly key: string;
  readonly text: string | undefined;
}

export const TAB = 0x09;
export const NEWLINE = 0x0a;
const MOST_BYTES = 16 * 1024;

/** Keys are ASCII without control characters, and JSON contains neither tab nor newline. */
export function encodeRow({ key, text }: Row): string {
  return text === undefined ? `${key}\n` : `${key}\t${text}\n`;
}

/** The lines of rows, as UTF-8, in pieces of whole lines. */
export function* packLines(rows: Iterable<Row>): Generator<Buffer> {
  let text = '';
  for (const row of rows) {
    text += encodeRow(row);
    if (text.length < MOST_BYTES) continue;
    yield Buffer.from(text, 'utf8');
    text = '';
  }
  if (text !== '') yield Buffer.from(text, 'utf8');
}

/** The place of the newline that ends the line which begins at `at`. */
export const lineEnd = (lines: Buffer, at: number) => lines.indexOf(NEWLINE, at);

/** Most lines are as short: a call out of JavaScript would take longer. */
const NEAR_BYTES = 96;

/** The same for a line that is probably short. */
export function nearLineEnd(lines: Buffer, at: number): number {
  const near = Math.min(at + NEAR_BYTES, lines.length);
  for (let i = at; i < near; i++) if (lines[i] === NEWLINE) return i;
  return lineEnd(lines, near);
}

/** Where the key of the line at `at` ends. */
export function keyEnd(lines: Buffer, at: number): number {
  let end = at;
  for (let c = lines[end]; c !== TAB && c !== NEWLINE; c = lines[++end]);
  return end;
}

/** The key of the line from `at` to `end`. */
export function keyAt(lines: Buffer, at: number, end: number): string {
  const tab = lines.indexOf(TAB, at);
  return lines.toString('latin1', at, tab === -1 || tab > end ? end : tab);
}

/** The key of the last line of those that end at `to`. */
export function lastKey(lines: Buffer, to = lines.length): string {
  const end = to - 1;
  return keyAt(lines, lines.lastIndexOf(NEWLINE, end - 1) + 1, end);
}
