import type { ContentDifference } from '../../ops/inspect/diff-contents.js';
import { displayWidth } from './width.js';

/** A list of 125,000 files overflows the stack as arguments. */
const largest = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.max(a, b), 0);
const digits = (n: number) => String(n).length;
const scaled = (n: number, width: number, most: number) =>
  n === 0 ? 0 : 1 + Math.floor((n * (width - 1)) / most);

/** The summary of `git diff --stat`, in the same layout. Names are escaped. */
export function statOf(files: readonly ContentDifference[], width: number): string {
  if (files.length === 0) return '';
  const rows = files.map(({ name, text, change, before, after }) => ({
    name,
    isBinary: text === undefined && change !== 'mode',
    added: text?.added ?? 0,
    removed: text?.removed ?? 0,
    from: before?.size_bytes ?? 0,
    to: after?.size_bytes ?? 0,
  }));
  const binaries = rows.filter((r) => r.isBinary);
  const mostChanged = largest(rows.map((r) => r.added + r.removed));
  const binWidth = largest(binaries.map((r) => 14 + digits(r.from) + digits(r.to)));
  const number = Math.max(digits(mostChanged), binaries.length > 0 ? 3 : 0);
  const all = Math.max(width, 16 + 6 + number);
  let graph = mostChanged + 4 > binWidth ? mostChanged : binWidth - 4;
  let column = largest(rows.map((r) => displayWidth(r.name)));
  if (column + number + 6 + graph > all) {
    if (graph > Math.floor((all * 3) / 8) - number - 6)
      graph = Math.max(6, Math.floor((all * 3) / 8) - number - 6);
    if (column > all - number - 6 - graph) column = all - number - 6 - graph;
    else graph = all - number - 6 - column;
  }
  const lines = rows.map((r) => {
    const shown = fitted(r.name, column);
    const head = ` ${shown}${' '.repeat(Math.max(0, column - displayWidth(shown)))} | `;
    if (r.isBinary) return `${head}${'Bin'.padStart(number)} ${r.from} -> ${r.to} bytes`;
    let { added, removed } = r;
    const total = added + removed;
    if (graph <= mostChanged) {
      const marks = Math.max(scaled(total, graph, mostChanged), added > 0 && removed > 0 ? 2 : 0);
      if (added < removed) {
        added = scaled(added, graph, mostChanged);
        removed = marks - added;
      } else {
        removed = scaled(removed, graph, mostChanged);
        added = marks - removed;
      }
    }
    const bar = '+'.repeat(added) + '-'.repeat(removed);
    return `${head}${String(total).padStart(number)}${total > 0 ? ` ${bar}` : ''}`;
  });
  return [...lines, totals(rows)].join('\n');
}

/** The end of a name that is too long, from a slash on if there is one. */
function fitted(name: string, column: number): string {
  if (displayWidth(name) <= column) return name;
  let rest = [...name];
  while (rest.length > 0 && displayWidth(rest.join('')) > column - 3) rest = rest.slice(1);
  const text = rest.join('');
  const slash = text.indexOf('/');
  return `...${slash < 0 ? text : text.slice(slash)}`;
}

function totals(rows: readonly { readonly added: number; readonly removed: number }[]): string {
  const added = rows.reduce((n, r) => n + r.added, 0);
  const removed = rows.reduce((n, r) => n + r.removed, 0);
  const s = (n: number) => (n === 1 ? '' : 's');
  const parts = [` ${rows.length} file${s(rows.length)} changed`];
  if (added > 0 || removed === 0) parts.push(`${added} insertion${s(added)}(+)`);
  if (removed > 0 || added === 0) parts.push(`${removed} deletion${s(removed)}(-)`);
  return parts.join(', ');
}
