import { displayWidth } from '../../cli/text/width.js';
import { humanSize } from '../../core/text/human.js';
import { age, count, plural } from '../cell-text.js';
import { COLUMN, fitted, shown } from '../column-text.js';
import { type Column, columnsFor, MARGIN } from '../columns.js';
import type { Group } from '../group-items.js';
import { SORT_KEYS } from '../item-table.js';
import { listHeight, type PreviewState } from '../preview-state.js';
import { reason } from '../rule-words.js';
import { rowAt } from '../selection.js';
import { BLANK, type Line, line, type Tone } from '../styled-line.js';

/** Column names; the sort column has an arrow, and each shows the key that sorts by it. */
export function headings(state: PreviewState, unicode: boolean): Line {
  const { sort, descending } = state.selection.choice;
  const arrow = unicode ? (descending ? '↓' : '↑') : descending ? 'v' : '^';
  const cells = columnsFor(state.columns).map(({ key, heading, width: w, align }) => {
    const number = key === 'id' ? 0 : SORT_KEYS.indexOf(key) + 1;
    return fitted(
      key === sort ? `${heading}${arrow}` : w > 8 ? `${heading} ${number}` : heading,
      w,
      unicode,
      align,
    );
  });
  return line(' '.repeat(MARGIN) + cells.join(COLUMN), 'strong');
}

function cell(place: number, column: Column, state: PreviewState, unicode: boolean): string {
  const { items, labels } = state.selection.table;
  const item = items[place]!;
  switch (column.key) {
    case 'name':
      return shown(labels[place]!, unicode);
    case 'reason':
      return state.spared[place] === 1 ? 'spared now' : reason(item, state.now, unicode, column.width);
    case 'age':
      return age(item.created_at, state.now);
    case 'size':
      return humanSize(item.size_bytes);
    case 'frees':
      return item.verdict === 'prune' ? humanSize(item.freed_bytes) : '-';
    case 'kind':
      return item.kind;
    case 'class':
      return item.retention_class;
    case 'id':
      return item.artifact_id.slice(0, 8);
  }
}

/** `s` spared from this run, `!` cannot be brought back, `P` pinned. */
function markOf(place: number, state: PreviewState): string {
  const item = state.selection.table.items[place]!;
  if (state.spared[place] === 1) return 's';
  if (item.verdict === 'trashed') return '!';
  if (item.verdict === 'prune') return item.irreversible || state.trash === undefined ? '!' : ' ';
  return item.rule === 'pinned' ? 'P' : ' ';
}

function groupLine(group: Group, state: PreviewState, unicode: boolean, open: boolean): string {
  const { view } = state.selection.choice;
  const sign = open ? (unicode ? '▾' : '-') : unicode ? '▸' : '+';
  const spared = group.members.reduce((n, place) => n + state.spared[place]!, 0);
  const facts = [plural(group.members.length, 'item'), humanSize(group.bytes)];
  if (view === 'prune' && state.columns >= 60) facts.push(`frees ${humanSize(group.freed)}`);
  if (spared > 0) facts.push(`${count(spared)} spared`);
  const right = facts.join(', ');
  const label = fitted(
    shown(group.label, unicode),
    state.columns - MARGIN - 3 - displayWidth(right),
    unicode,
  );
  return `${sign} ${label}${COLUMN}${right}`;
}

/** Renders only the visible rows. */
export function listLines(state: PreviewState, unicode: boolean): Line[] {
  const { selection } = state;
  const columns = columnsFor(state.columns);
  const height = listHeight(state);
  const lines: Line[] = [];
  for (let row = state.top; row < state.top + height; row++) {
    const at = rowAt(selection, row);
    if (at === undefined) {
      lines.push(row === 0 ? line(`  ${emptyText(state)}`, 'dim') : BLANK);
      continue;
    }
    const here = row === state.cursor;
    const pointer = here ? (unicode ? '❯' : '>') : ' ';
    if ('group' in at) {
      const text = groupLine(at.group, state, unicode, selection.choice.open.has(at.group.key));
      lines.push(line(` ${pointer}${text}`, here ? 'cursor' : 'strong'));
      continue;
    }
    const cells = columns.map((column) =>
      fitted(cell(at.place, column, state, unicode), column.width, unicode, column.align),
    );
    const mark = markOf(at.place, state);
    lines.push(line(mark + pointer + cells.join(COLUMN), here ? 'cursor' : toneOf(mark)));
  }
  return lines;
}

/** Highlights items that cannot be brought back. */
function toneOf(mark: string): Tone {
  return mark === 's' ? 'dim' : mark === '!' ? 'danger' : 'plain';
}

function emptyText({ selection }: PreviewState): string {
  const { view, filter } = selection.choice;
  const listed = view === 'keep' ? selection.table.largestKept : undefined;
  if (filter !== '' && listed !== undefined)
    return `None of the ${count(listed)} largest matches the filter.`;
  if (filter !== '') return 'Nothing matches the filter.';
  if (view === 'trashed') return 'Nothing in the trash can be brought back.';
  return view === 'prune' ? 'Nothing to remove.' : 'Nothing is kept.';
}
