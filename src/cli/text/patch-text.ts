import type { ContentDifference } from '../../ops/inspect/diff-contents.js';
import { displayWidth } from './width.js';

/** As git quotes a name in a patch: only if it must be. */
function quoted(name: string): string {
  return /["\\]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name;
}

/** A name after `---` or `+++` ends with a tab if it contains a space, so that patch does not cut it. */
function named(side: string, name: string): string {
  const shown = quoted(`${side}/${name}`);
  return name.includes(' ') ? `${shown}\t` : shown;
}

const modeOf = (side: { readonly executable: boolean } | undefined) =>
  side?.executable ? '100755' : '100644';

/** One file as git show prints it, for `git apply` and `patch -p1`; a character of a hunk is a byte. */
export function patchOf({ what, change, before, after, name, text }: ContentDifference): Uint8Array {
  const head = [`diff --git ${quoted(`a/${name}`)} ${quoted(`b/${name}`)}`];
  if (before === undefined) head.push(`new file mode ${modeOf(after)}`);
  else if (after === undefined) head.push(`deleted file mode ${modeOf(before)}`);
  else if (what === 'file' && before.executable !== after.executable) {
    head.push(`old mode ${modeOf(before)}`, `new mode ${modeOf(after)}`);
  }
  const from = before === undefined ? '/dev/null' : named('a', name);
  const to = after === undefined ? '/dev/null' : named('b', name);
  if (change === 'type') head.push(`One of ${from} and ${to} is a file, the other a directory`);
  else if (change !== 'mode' && text === undefined) {
    head.push(`Binary files ${from.trimEnd()} and ${to.trimEnd()} differ`);
  } else if (text !== undefined && text.hunks !== '') head.push(`--- ${from}`, `+++ ${to}`);
  const lines = Buffer.from(head.join('\n'), 'utf8');
  const hunks = text?.hunks.replace(/\n$/, '');
  return hunks ? Buffer.concat([lines, Buffer.from(`\n${hunks}`, 'latin1')]) : lines;
}

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
