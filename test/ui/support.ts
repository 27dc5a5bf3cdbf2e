import { displayWidth } from '../../src/cli/text/width.js';
import type { PrunePlan } from '../../src/core/retention/prune-plan.js';
import { COLUMN } from '../../src/ui/column-text.js';
import type { TrashContents } from '../../src/ui/preview-data.js';
import { initialState, type PreviewEvent, type PreviewState, type Step } from '../../src/ui/preview-state.js';
import { rowAt } from '../../src/ui/selection.js';
import type { Line } from '../../src/ui/styled-line.js';
import { update } from '../../src/ui/update-state.js';
import { at, NOW, smallPlan } from './harness/sample.js';

export function opened(
  plan: PrunePlan = smallPlan(),
  columns = 80,
  rows = 24,
  emptying?: TrashContents,
): PreviewState {
  return initialState({
    plan,
    now: NOW,
    emptying,
    trash: emptying === undefined ? { days: 7, until: at(-7) } : undefined,
    defaultPin: 'keep',
    columns,
    rows,
  });
}

/** The state after `keys`, and the effect of the last one. `type:` before a text types it. */
export function press(state: PreviewState, ...keys: string[]): Step {
  let step: Step = { state };
  for (const key of keys) {
    const presses = key.startsWith('type:') ? [...key.slice(5)] : [key];
    for (const one of presses) step = update(step.state, { type: 'key', key: one });
  }
  return step;
}

export function told(state: PreviewState, event: PreviewEvent): PreviewState {
  return update(state, event).state;
}

/** What the rows show: labels of items, groups with their size in brackets. */
export function rowNames({ selection }: PreviewState): string[] {
  return Array.from(selection.rows, (_, i) => {
    const row = rowAt(selection, i)!;
    return 'group' in row
      ? `[${row.group.label} ${row.group.members.length}]`
      : selection.table.labels[row.place]!;
  });
}

export function textOf(line: Line): string {
  return line
    .map((span) => span.text)
    .join('')
    .replaceAll(COLUMN, ' ');
}

/** True where `lines` fit the screen. */
export function fits(lines: readonly Line[], { columns, rows }: PreviewState): boolean {
  return lines.length <= rows && lines.every((line) => displayWidth(textOf(line)) <= columns);
}
