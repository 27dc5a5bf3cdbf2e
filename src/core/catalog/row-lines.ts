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

/** The key of the line from `at` to `end`. */
export function keyAt(lines: Buffer, at: number, end: number): string {
  const tab = lines.indexOf(TAB, at);
  return lines.toString('latin1', at, tab === -1 || tab > end ? end : tab);
}

/** The key of the last line. */
export function lastKey(lines: Buffer): string {
  const end = lines.length - 1;
  return keyAt(lines, lines.lastIndexOf(NEWLINE, end - 1) + 1, end);
}
