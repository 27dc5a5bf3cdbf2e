import type { ArtifactId } from '../core/ids.js';
import { type Action, actionOf, type Key } from './keys.js';
import { GROUPINGS, placeOf, rowAt } from './selection.js';
import {
  choose,
  idsUnderCursor,
  listHeight,
  moveTo,
  type PreviewState,
  type Step,
  withSpared,
} from './state.js';
import { SORT_KEYS, type SortKey } from './table.js';

function told(state: PreviewState, text: string): Step {
  return { state: { ...state, message: { text, tone: 'danger' } } };
}

/** Largest and oldest first, the rest from A: what one looks for in each column. */
function sortBy(state: PreviewState, sort: SortKey): PreviewState {
  const { choice } = state.selection;
  const descending = choice.sort === sort ? !choice.descending : sort === 'size' || sort === 'age';
  return moveTo(choose(state, { sort, descending }), 0);
}

function toggleGroup(state: PreviewState, to?: 'open' | 'closed'): PreviewState {
  const { selection } = state;
  if (selection.groups.length === 0) return state;
  let row = state.cursor;
  while (row >= 0 && selection.rows[row]! >= 0) row -= 1;
  const at = rowAt(selection, row);
  if (at === undefined || !('group' in at)) return state;
  const { key } = at.group;
  const open = new Set(selection.choice.open);
  if (to === 'closed' || (to === undefined && open.has(key))) open.delete(key);
  else open.add(key);
  return choose(moveTo(state, row), { open });
}

/** Spares what would go; if all of it is spared already, takes it back. */
function spare(state: PreviewState, ids: readonly ArtifactId[]): Step {
  const { table } = state.selection;
  const going = ids.filter((id) => table.items[placeOf(table, id)!]!.verdict === 'prune');
  if (going.length === 0) return told(state, 'only what would go can be spared');
  const spared = new Set(state.spared);
  const back = going.every((id) => spared.has(id));
  for (const id of going) {
    if (back) spared.delete(id);
    else spared.add(id);
  }
  return { state: withSpared(state, spared) };
}

function unpinPrompt(state: PreviewState, ids: readonly ArtifactId[]): Step {
  const { table } = state.selection;
  const names = new Set(ids.flatMap((id) => table.items[placeOf(table, id)!]!.pins ?? []));
  const choices = [...names].sort();
  if (choices.length === 0) return told(state, 'no pin holds it; a source may be held by the pin of another');
  return {
    state: {
      ...state,
      mode: { at: 'prompt', asks: 'unpin', ids, text: choices[0]!, choices, back: state.mode },
    },
  };
}

const STEPS: Partial<Record<Action, (state: PreviewState) => number>> = {
  up: (s) => s.cursor - 1,
  down: (s) => s.cursor + 1,
  pageUp: (s) => s.cursor - listHeight(s),
  pageDown: (s) => s.cursor + listHeight(s),
  halfUp: (s) => s.cursor - Math.ceil(listHeight(s) / 2),
  halfDown: (s) => s.cursor + Math.ceil(listHeight(s) / 2),
  first: () => 0,
  last: (s) => s.selection.rows.length - 1,
};

function enter(state: PreviewState): Step {
  const row = rowAt(state.selection, state.cursor);
  if (row === undefined) return { state };
  if ('group' in row) return { state: toggleGroup(state) };
  const id = row.item.artifact_id;
  return { state: { ...state, mode: { at: 'detail', id, scroll: 0 } }, effect: { type: 'detail', id } };
}

function change(state: PreviewState, action: Action, ids: readonly ArtifactId[]): Step {
  if (ids.length === 0) return { state };
  if (action === 'spare') return spare(state, ids);
  if (state.busy !== undefined) return told(state, `${state.busy}; wait for it`);
  if (action === 'unpin') return unpinPrompt(state, ids);
  const text = state.defaultPin;
  return {
    state: { ...state, mode: { at: 'prompt', asks: 'pin', ids, text, choices: [], back: state.mode } },
  };
}

/** A key in the list; `ids` are what is acted on when that is not the row under the cursor. */
export function listKey(state: PreviewState, key: Key, ids?: readonly ArtifactId[]): Step {
  const action = actionOf(key);
  if (action === undefined) return { state };
  const step = STEPS[action];
  if (step !== undefined) return { state: moveTo(state, step(state)) };
  const { choice, rows, groups, table } = state.selection;
  switch (action) {
    case 'view': {
      const view = choice.view === 'prune' ? 'keep' : 'prune';
      return { state: moveTo(choose(state, { view }), 0) };
    }
    case 'enter':
      return enter(state);
    case 'left':
      return { state: toggleGroup(state, 'closed') };
    case 'right':
      return { state: toggleGroup(state, 'open') };
    case 'filter':
      return { state: { ...state, mode: { at: 'filter', before: choice.filter } } };
    case 'clear':
      return { state: choice.filter === '' ? state : choose(state, { filter: '' }) };
    case 'sort':
      return { state: sortBy(state, SORT_KEYS[(SORT_KEYS.indexOf(choice.sort) + 1) % SORT_KEYS.length]!) };
    case 'column':
      return { state: sortBy(state, SORT_KEYS[Number(key) - 1]!) };
    case 'reverse':
      return { state: sortBy(state, choice.sort) };
    case 'group': {
      const group = GROUPINGS[(GROUPINGS.indexOf(choice.group) + 1) % GROUPINGS.length]!;
      return { state: moveTo(choose(state, { group, open: new Set() }), 0) };
    }
    case 'pin':
    case 'unpin':
    case 'spare':
      return change(state, action, ids ?? idsUnderCursor(state));
    case 'spareAll': {
      const places = groups.length > 0 ? groups.flatMap((g) => g.members) : Array.from(rows);
      const all = places.map((place) => table.items[place]!.artifact_id);
      return all.length === 0 ? { state } : spare(state, all);
    }
    case 'apply':
      if (state.busy !== undefined) return told(state, `${state.busy}; wait for it`);
      if (state.going.all.items === 0) return told(state, 'nothing would go');
      return { state: { ...state, mode: { at: 'confirm', typed: '', scroll: 0 } } };
    case 'help':
      return { state: { ...state, mode: { at: 'help', scroll: 0 } } };
    case 'quit':
      return { state, effect: { type: 'quit' } };
    default:
      return { state };
  }
}
