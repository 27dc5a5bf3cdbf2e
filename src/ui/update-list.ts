import type { ArtifactId } from '../core/objects/ids.js';
import { GROUPINGS } from './group-items.js';
import { SORT_KEYS, type SortKey, VIEWS } from './item-table.js';
import { type Action, actionOf, type Key } from './key-bindings.js';
import {
  choose,
  hasWork,
  listHeight,
  moveTo,
  type PreviewState,
  placesUnderCursor,
  type Step,
  withSpared,
} from './preview-state.js';
import { rowAt } from './selection.js';

function withMessage(state: PreviewState, text: string): Step {
  return { state: { ...state, message: { text, tone: 'danger' } } };
}

/** The initial direction of each column: largest and oldest first, the others from A. */
function sortBy(state: PreviewState, sort: SortKey): PreviewState {
  const { choice } = state.selection;
  const descending =
    choice.sort === sort ? !choice.descending : sort === 'size' || sort === 'frees' || sort === 'age';
  return moveTo(choose(state, { sort, descending }), 0);
}

function toggleGroup(state: PreviewState, to?: 'open' | 'closed'): PreviewState {
  const { selection } = state;
  if (selection.groups.count === 0) return state;
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

/** Spares items to be removed; if all of them are spared already, unspares them. */
function spare(state: PreviewState, places: Uint32Array): Step {
  const { prunes } = state.selection.table.columns;
  const going = places.filter((place) => prunes[place] === 1);
  if (going.length === 0) return withMessage(state, 'only items to be removed can be spared');
  const spared = state.spared.slice();
  const to = going.every((place) => spared[place] === 1) ? 0 : 1;
  for (const place of going) spared[place] = to;
  return { state: withSpared(state, spared) };
}

function pinPrompt(state: PreviewState, places: Uint32Array): Step {
  const ids = idsAt(state, places);
  const text = state.defaultPin;
  return {
    state: {
      ...state,
      mode: { at: 'prompt', asks: 'pin', ids, text, proposed: true, choices: [], back: state.mode },
    },
  };
}

function unpinPrompt(state: PreviewState, places: Uint32Array): Step {
  const { items } = state.selection.table;
  const names = new Set<string>();
  for (const place of places) for (const name of items[place]!.pins ?? []) names.add(name);
  const choices = [...names].sort();
  if (choices.length === 0)
    return withMessage(state, 'it has no pin of its own; a source may be kept by the pin of another');
  const ids = idsAt(state, places);
  return {
    state: {
      ...state,
      mode: {
        at: 'prompt',
        asks: 'unpin',
        ids,
        text: choices[0]!,
        proposed: true,
        choices,
        back: state.mode,
      },
    },
  };
}

function idsAt({ selection }: PreviewState, places: Uint32Array): ArtifactId[] {
  return Array.from(places, (place) => selection.table.items[place]!.artifact_id);
}

const STEPS = {
  up: (s) => s.cursor - 1,
  down: (s) => s.cursor + 1,
  pageUp: (s) => s.cursor - listHeight(s),
  pageDown: (s) => s.cursor + listHeight(s),
  halfUp: (s) => s.cursor - Math.ceil(listHeight(s) / 2),
  halfDown: (s) => s.cursor + Math.ceil(listHeight(s) / 2),
  first: () => 0,
  last: (s) => s.selection.rows.length - 1,
} satisfies Partial<Record<Action, (state: PreviewState) => number>>;

const isMove = (action: Action): action is keyof typeof STEPS => action in STEPS;

function enter(state: PreviewState): Step {
  const row = rowAt(state.selection, state.cursor);
  if (row === undefined) return { state };
  if ('group' in row) return { state: toggleGroup(state) };
  const id = row.item.artifact_id;
  return { state: { ...state, mode: { at: 'detail', id, scroll: 0 } }, effect: { type: 'detail', id } };
}

function change(state: PreviewState, action: 'pin' | 'unpin' | 'spare', places: Uint32Array): Step {
  if (places.length === 0) return { state };
  if (action === 'spare') return spare(state, places);
  if (state.busy !== undefined) return withMessage(state, `${state.busy}; wait for it`);
  if (state.selection.table.items[places[0]!]!.verdict === 'trashed') {
    return withMessage(state, 'it was already removed: hs restore brings it back');
  }
  return action === 'pin' ? pinPrompt(state, places) : unpinPrompt(state, places);
}

/** Handles a key in the list; `places`, if given, are acted on instead of the row under the cursor. */
export function listKey(state: PreviewState, key: Key, places?: Uint32Array): Step {
  const action = actionOf(key);
  if (action === undefined) return { state };
  if (isMove(action)) return { state: moveTo(state, STEPS[action](state)) };
  const { selection } = state;
  const { choice } = selection;
  switch (action) {
    case 'view': {
      const views = VIEWS.filter((v) => v !== 'trashed' || state.emptying !== undefined);
      const view = views[(views.indexOf(choice.view) + 1) % views.length]!;
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
      return change(state, action, places ?? placesUnderCursor(state));
    case 'spareAll':
      return selection.places.length === 0 ? { state } : spare(state, selection.places);
    case 'apply':
      if (state.busy !== undefined) return withMessage(state, `${state.busy}; wait for it`);
      if (!hasWork(state)) return withMessage(state, 'nothing to remove');
      return { state: { ...state, mode: { at: 'confirm', typed: '', scroll: 0 } } };
    case 'reload':
      if (state.busy !== undefined) return withMessage(state, `${state.busy}; wait for it`);
      return { state: { ...state, busy: 'reading the store' }, effect: { type: 'reload' } };
    case 'help':
      return { state: { ...state, mode: { at: 'help', scroll: 0 } } };
    case 'quit':
      return { state, effect: { type: 'quit' } };
    case 'repaint': // in every mode
      return { state };
  }
}
