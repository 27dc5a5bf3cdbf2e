import type { View } from './view.js';
import { cutTo, displayWidth, pad } from './width.js';

export interface Column<T> {
  readonly head: string;
  readonly align?: 'left' | 'right';
  /** The unescaped cell text; the table escapes it (G6). */
  value(row: T): string;
  /** Colours a cell that is already escaped, cut and padded. */
  paint?(cell: string, row: T): string;
  /** May be cut, the widest first, if the terminal is too narrow. */
  readonly shrinks?: boolean;
}

const GAP = '  ';
const LEAST = 6;

/** The column widths of a table drawn in parts, from the first part. */
export interface TableLayout {
  widths?: readonly number[];
}

/**
 * Rows as aligned columns. With a heading unless `--quiet`; cut to the terminal's width, uncut on a pipe. With
 * `view.layout`, the rows of one part of the table.
 */
export function table<T>(columns: readonly Column<T>[], rows: readonly T[], view: View): string {
  if (rows.length === 0) return '';
  const cells = rows.map((row) => columns.map((c) => view.text(c.value(row))));
  const isMore = view.layout?.widths !== undefined;
  const heads = view.quiet || isMore ? [] : [columns.map((c) => c.head)];
  const widths = view.layout?.widths ?? widthsOf([...heads, ...cells], columns, view);
  if (view.layout !== undefined) view.layout.widths = widths;
  const ellipsis = view.unicode ? '…' : '~';
  const draw = (cell: string, i: number) => {
    const last = i === columns.length - 1 && columns[i]!.align !== 'right';
    const cut = view.terminal ? cutTo(cell, widths[i]!, ellipsis) : cell;
    return last ? cut : pad(cut, widths[i]!, columns[i]!.align);
  };
  const lines = heads.map((head) => view.style.heading(head.map(draw).join(GAP).trimEnd()));
  for (const [r, line] of cells.entries()) {
    const drawn = line.map((cell, i) => {
      const { paint } = columns[i]!;
      return paint === undefined ? draw(cell, i) : paint(draw(cell, i), rows[r]!);
    });
    lines.push(drawn.join(GAP).trimEnd());
  }
  return lines.join('\n');
}

function widthsOf(
  lines: readonly (readonly string[])[],
  columns: readonly Column<never>[],
  view: View,
): number[] {
  const widths = columns.map((_, i) =>
    lines.reduce((widest, line) => Math.max(widest, displayWidth(line[i]!)), 0),
  );
  if (view.terminal) shrink(widths, columns, view.width);
  return widths;
}

/** Shrinks the widest columns that allow it until the table fits; then cuts at the right edge. */
function shrink(widths: number[], columns: readonly Column<never>[], width: number): void {
  const total = () => widths.reduce((sum, w) => sum + w, GAP.length * (widths.length - 1));
  while (total() > width) {
    let widest = -1;
    for (const [i, column] of columns.entries()) {
      if (column.shrinks && widths[i]! > LEAST && (widest < 0 || widths[i]! > widths[widest]!)) widest = i;
    }
    if (widest < 0) break;
    widths[widest]!--;
  }
  for (let last = widths.length - 1; last >= 0 && total() > width; last--) {
    widths[last] = Math.max(0, widths[last]! - (total() - width));
  }
}

/** `label  value` lines with aligned labels; fields without a value are omitted. */
export function fields(
  pairs: readonly (readonly [label: string, value: string | undefined])[],
  view: View,
): string {
  const there = pairs.filter((p): p is readonly [string, string] => p[1] !== undefined);
  const widest = Math.max(0, ...there.map(([label]) => displayWidth(label)));
  return there.map(([label, value]) => `${view.style.faint(pad(label, widest))}  ${value}`).join('\n');
}
