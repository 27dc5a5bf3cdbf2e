import { plural } from './cell-text.js';
import { placeOf, tableOf } from './item-table.js';
import { isCharacter, type Key } from './key-bindings.js';
import {
  choose,
  isTooSmall,
  type Mode,
  moveTo,
  type PreviewEvent,
  type PreviewState,
  type Step,
  withSpared,
} from './preview-state.js';
import { carriedOver } from './removal-totals.js';
import { listKey } from './update-list.js';
import { promptKey } from './update-prompt.js';

type At<M extends Mode['at']> = Extract<Mode, { at: M }>;

function replanned(state: PreviewState, event: Extract<PreviewEvent, { type: 'planned' }>): PreviewState {
  const before = state.totals.all.items;
  const emptying = event.emptying ?? state.emptying;
  const table = tableOf(event.plan, emptying?.artifacts, state.selection.table);
  const spared = carriedOver(state.spared, state.selection.table, table);
  const next = withSpared(choose({ ...state, emptying, busy: undefined }, {}, table), spared);
  const change = next.totals.all.items - before;
  const effect =
    change === 0
      ? 'the same items would be removed'
      : `${plural(Math.abs(change), 'artifact')} ${change < 0 ? 'fewer' : 'more'} would be removed`;
  const { mode } = next;
  return {
    ...next,
    message: { text: `${event.after}: ${effect}`, tone: 'good' },
    mode: mode.at === 'detail' ? { at: 'detail', id: mode.id, scroll: mode.scroll } : mode,
  };
}

/** Keys for a text longer than the screen; undefined for other keys. */
function scrolled(key: Key, scroll: number, rows: number): number | undefined {
  const page = Math.max(1, rows - 4);
  const to: Partial<Record<Key, number>> = {
    up: scroll - 1,
    k: scroll - 1,
    down: scroll + 1,
    j: scroll + 1,
    pageup: scroll - page,
    'ctrl-b': scroll - page,
    pagedown: scroll + page,
    'ctrl-f': scroll + page,
    home: 0,
    g: 0,
  };
  const target = to[key];
  return target === undefined ? undefined : Math.max(0, target);
}

function detailKey(state: PreviewState, mode: At<'detail'>, key: Key): Step {
  const scroll = scrolled(key, mode.scroll, state.rows);
  if (scroll !== undefined) return { state: { ...state, mode: { ...mode, scroll } } };
  switch (key) {
    case 'escape':
    case 'enter':
    case 'q':
      return { state: { ...state, mode: { at: 'list' } } };
    case 'left':
    case 'h':
    case 'right':
    case 'l': {
      const by = key === 'left' || key === 'h' ? -1 : 1;
      for (let row = state.cursor + by; row >= 0 && row < state.selection.rows.length; row += by) {
        const ref = state.selection.rows[row]!;
        if (ref < 0) continue;
        const id = state.selection.table.items[ref]!.artifact_id;
        return {
          state: { ...moveTo(state, row), mode: { at: 'detail', id, scroll: 0 } },
          effect: { type: 'detail', id },
        };
      }
      return { state };
    }
    case 'p':
    case 'u':
    case 'x':
    case ' ':
    case '?': {
      // What a new plan does not list any more is not what another place is.
      const place = placeOf(state.selection.table, mode.id);
      return listKey(state, key, place === undefined ? new Uint32Array() : Uint32Array.of(place));
    }
    default:
      return { state };
  }
}

function confirmKey(state: PreviewState, mode: At<'confirm'>, key: Key): Step {
  if (key === 'escape') return { state: { ...state, mode: { at: 'list' } } };
  if (key === 'enter') {
    if (mode.typed !== 'yes') return { state };
    return { state: { ...state, mode: { at: 'applying', stopping: false } }, effect: { type: 'apply' } };
  }
  if (key === 'backspace') return { state: { ...state, mode: { ...mode, typed: mode.typed.slice(0, -1) } } };
  if (isCharacter(key)) {
    const typed = (mode.typed + key).slice(0, 8);
    return { state: { ...state, mode: { ...mode, typed } } };
  }
  const scroll = scrolled(key, mode.scroll, state.rows);
  return { state: scroll === undefined ? state : { ...state, mode: { ...mode, scroll } } };
}

function filterKey(state: PreviewState, mode: At<'filter'>, key: Key): Step {
  const { filter } = state.selection.choice;
  if (key === 'enter') return { state: { ...state, mode: { at: 'list' } } };
  if (key === 'escape') return { state: { ...choose(state, { filter: mode.before }), mode: { at: 'list' } } };
  if (key === 'backspace') return { state: choose(state, { filter: [...filter].slice(0, -1).join('') }) };
  if (key === 'ctrl-u') return { state: choose(state, { filter: '' }) };
  if (isCharacter(key)) return { state: choose(state, { filter: (filter + key).slice(0, 200) }) };
  return ['up', 'down', 'pageup', 'pagedown', 'home', 'end'].includes(key) ? listKey(state, key) : { state };
}

function keyPressed(before: PreviewState, key: Key): Step {
  const { mode } = before;
  if (key === 'ctrl-l') return { state: before, effect: { type: 'repaint' } };
  if (key === 'ctrl-c') {
    // The second time, the running operation is abandoned: it can safely end at any point.
    if (mode.at !== 'applying' || mode.stopping) return { state: before, effect: { type: 'interrupt' } };
    return { state: { ...before, mode: { ...mode, stopping: true } }, effect: { type: 'stop' } };
  }
  if (isTooSmall(before) && mode.at !== 'applying') {
    return key === 'q' ? { state: before, effect: { type: 'quit' } } : { state: before };
  }
  const state: PreviewState = mode.at === 'list' ? { ...before, message: undefined } : before;
  switch (mode.at) {
    case 'list':
      return listKey(state, key);
    case 'filter':
      return filterKey(state, mode, key);
    case 'detail':
      return detailKey({ ...state, message: undefined }, mode, key);
    case 'prompt':
      return promptKey(state, mode, key);
    case 'confirm':
      return confirmKey(state, mode, key);
    case 'applying':
      return { state };
    case 'help': {
      const scroll = scrolled(key, mode.scroll, state.rows);
      return { state: { ...state, mode: scroll === undefined ? { at: 'list' } : { ...mode, scroll } } };
    }
    case 'done':
    case 'failed': {
      const scroll = scrolled(key, mode.scroll, state.rows);
      if (scroll !== undefined) return { state: { ...state, mode: { ...mode, scroll } } };
      return ['q', 'enter', 'escape'].includes(key) ? { state, effect: { type: 'quit' } } : { state };
    }
  }
}

/** The next state and its side effects: pure, so that the preview is tested without a terminal. */
export function update(state: PreviewState, event: PreviewEvent): Step {
  switch (event.type) {
    case 'key':
      return keyPressed(state, event.key);
    case 'resize':
      return {
        state: moveTo({ ...state, columns: event.columns, rows: event.rows }, state.cursor),
        effect: { type: 'repaint' },
      };
    case 'planned': {
      const next = replanned(state, event);
      return next.mode.at === 'detail'
        ? { state: next, effect: { type: 'detail', id: next.mode.id } }
        : { state: next };
    }
    case 'detailed':
      return state.mode.at === 'detail' && state.mode.id === event.detail.id
        ? { state: { ...state, mode: { ...state.mode, detail: event.detail } } }
        : { state };
    case 'refused': {
      const { message, hint } = event.failure;
      const text = hint === undefined ? message : `${message} (${hint})`;
      return { state: { ...state, busy: undefined, message: { text, tone: 'danger' } } };
    }
    case 'progress':
      return state.mode.at === 'applying'
        ? { state: { ...state, mode: { ...state.mode, progress: event.progress } } }
        : { state };
    case 'applied':
      return { state: { ...state, mode: { at: 'done', outcome: event.outcome, scroll: 0 } } };
    case 'failed':
      return { state: { ...state, mode: { at: 'failed', failure: event.failure, scroll: 0 } } };
  }
}
