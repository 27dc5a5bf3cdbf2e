import { type LineChange, lineChanges } from './line-diff.js';

/** Lines around a change. */
const CONTEXT = 3;
/** As git does: a NUL near the beginning. */
const LOOKED_AT = 8000;
/** Ends a last line that has no newline; no line can contain one. */
const UNENDED = '\n';

export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, LOOKED_AT).includes(0);
}

/** Each byte is one character, so that text of any encoding is kept as it is. */
function linesOf(bytes: Uint8Array): string[] {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split('\n');
  const last = lines.pop()!;
  return last === '' ? lines : [...lines, last + UNENDED];
}

export interface TextDiff {
  readonly added: number;
  readonly removed: number;
  /** The hunks, one character a byte; empty if the texts are equal. */
  readonly hunks: string;
}

/** The unified diff of two texts, as diff -u and git print it, without the names of the files. */
export function diffTexts(before: Uint8Array, after: Uint8Array): TextDiff {
  const [a, b] = [linesOf(before), linesOf(after)];
  const changes = lineChanges(a, b);
  const sum = (of: (c: LineChange) => { from: number; to: number }) =>
    changes.reduce((n, c) => n + of(c).to - of(c).from, 0);
  return {
    removed: sum((c) => c.before),
    added: sum((c) => c.after),
    hunks: grouped(changes)
      .map((group) => hunk(group, a, b))
      .join(''),
  };
}

/** Changes whose contexts touch are in one hunk. */
function grouped(changes: readonly LineChange[]): LineChange[][] {
  const groups: LineChange[][] = [];
  for (const change of changes) {
    const last = groups.at(-1)?.at(-1);
    if (last !== undefined && change.before.from - last.before.to <= 2 * CONTEXT) groups.at(-1)!.push(change);
    else groups.push([change]);
  }
  return groups;
}

function hunk(group: readonly LineChange[], a: readonly string[], b: readonly string[]): string {
  const [first, last] = [group[0]!, group.at(-1)!];
  const lead = Math.min(CONTEXT, first.before.from);
  const trail = Math.min(CONTEXT, a.length - last.before.to);
  const span = (from: number, to: number) => {
    const count = to - from;
    return `${count === 0 ? from : from + 1}${count === 1 ? '' : `,${count}`}`;
  };
  const old = span(first.before.from - lead, last.before.to + trail);
  const now = span(first.after.from - lead, last.after.to + trail);
  let text = `@@ -${old} +${now} @@\n`;
  const put = (mark: string, lines: readonly string[]) => {
    for (const line of lines) {
      text += line.endsWith(UNENDED)
        ? `${mark}${line.slice(0, -1)}\n\\ No newline at end of file\n`
        : `${mark}${line}\n`;
    }
  };
  let at = first.before.from - lead;
  for (const { before, after } of group) {
    put(' ', a.slice(at, before.from));
    put('-', a.slice(before.from, before.to));
    put('+', b.slice(after.from, after.to));
    at = before.to;
  }
  put(' ', a.slice(at, last.before.to + trail));
  return text;
}
