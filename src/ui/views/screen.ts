import { wrap } from '../../cli/text/width.js';
import { isTooSmall, LEAST_COLUMNS, LEAST_ROWS, type PreviewState } from '../preview-state.js';
import { BLANK, type Line, line } from '../styled-line.js';
import { detailLines } from './detail.js';
import { bar, footer, status, sums, tabs } from './frame.js';
import { headings, listLines } from './list.js';
import { applyingLines, confirmLines, doneLines, failedLines, helpLines } from './pages.js';

function page(state: PreviewState, unicode: boolean): { lines: Line[]; scroll: number } | undefined {
  const mode = state.mode.at === 'prompt' ? state.mode.back : state.mode;
  switch (mode.at) {
    case 'detail':
      return { lines: detailLines(state, mode, unicode), scroll: mode.scroll };
    case 'help':
      return { lines: helpLines(state, unicode), scroll: mode.scroll };
    case 'confirm':
      return { lines: confirmLines(state, mode, unicode), scroll: mode.scroll };
    case 'applying':
      return { lines: applyingLines(state, mode, unicode), scroll: 0 };
    case 'done':
      return { lines: doneLines(state, mode.outcome, unicode), scroll: mode.scroll };
    case 'failed':
      return { lines: failedLines(state, mode.failure, unicode), scroll: mode.scroll };
    default:
      return undefined;
  }
}

/** A page longer than the screen is scrolled, and says so. */
function windowed(lines: readonly Line[], scroll: number, height: number): Line[] {
  if (lines.length <= height) return [...lines, ...Array<Line>(height - lines.length).fill(BLANK)];
  const room = height - 1;
  const top = Math.min(scroll, lines.length - room);
  const below = lines.length - room - top;
  return [
    ...lines.slice(top, top + room),
    line(below > 0 ? `-- ${below} more below: j --` : '-- end --', 'dim'),
  ];
}

/** Shown if the terminal is too small for a list. */
function tooSmall({ columns, rows }: PreviewState): Line[] {
  const text = `The terminal is ${columns} by ${rows}, but the preview needs ${LEAST_COLUMNS} by ${LEAST_ROWS}. Enlarge it, or press q and use hs gc --dry-run.`;
  return wrap(text, Math.max(1, columns - 1))
    .slice(0, rows)
    .map((part) => line(part));
}

/** The whole screen: at most `rows` lines of at most `columns`. */
export function screenLines(state: PreviewState, unicode: boolean): Line[] {
  if (isTooSmall(state)) return tooSmall(state);
  const end = [status(state, unicode), footer(state)];
  const content = page(state, unicode);
  if (content !== undefined) {
    // The question stays visible, however long the page above it is.
    const asks = state.mode.at === 'confirm' ? 2 : 0;
    const text = content.lines.slice(0, content.lines.length - asks);
    const tail = content.lines.slice(content.lines.length - asks);
    return [...windowed(text, content.scroll, state.rows - 2 - asks), ...tail, ...end];
  }
  return [
    tabs(state, unicode),
    sums(state),
    bar(state, unicode),
    headings(state, unicode),
    ...listLines(state, unicode),
    ...end,
  ];
}
