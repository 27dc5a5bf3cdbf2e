import { plural } from './cell-text.js';
import { itemOf } from './item-table.js';
import { isCharacter, type Key } from './key-bindings.js';
import type { Mode, PreviewState, Step } from './preview-state.js';

type Prompt = Extract<Mode, { at: 'prompt' }>;

/** Limits of `hs pin`, in characters. */
const LONGEST = { pin: 128, unpin: 128, reason: 500 } as const;

function answered(state: PreviewState, mode: Prompt): Step {
  const { asks, ids, text, back } = mode;
  if (asks === 'pin') {
    if (text.trim() === '') return { state };
    return {
      state: { ...state, mode: { ...mode, asks: 'reason', name: text.trim(), text: '', proposed: false } },
    };
  }
  const name = asks === 'reason' ? mode.name! : text;
  const busy = `${asks === 'reason' ? 'pinning' : 'unpinning'} ${plural(ids.length, 'artifact')}`;
  const next: PreviewState = { ...state, mode: back, busy, message: undefined };
  if (asks === 'unpin') {
    // Removing a pin that does not exist would fail for the whole group.
    const { table } = state.selection;
    const held = ids.filter((id) => itemOf(table, id)?.pins?.includes(name));
    return held.length === 0 ? { state } : { state: next, effect: { type: 'unpin', ids: held, name } };
  }
  const reason = text.trim();
  return { state: next, effect: { type: 'pin', ids, name, ...(reason === '' ? {} : { reason }) } };
}

export function promptKey(state: PreviewState, mode: Prompt, key: Key): Step {
  const typed = (text: string, proposed = false): Step => {
    return { state: { ...state, mode: { ...mode, text, proposed } } };
  };
  // Behaves like selected text: typing replaces it, Backspace deletes it.
  const before = mode.proposed ? '' : mode.text;
  switch (key) {
    case 'escape':
      return { state: { ...state, mode: mode.back } };
    case 'enter':
      return answered(state, mode);
    case 'backspace':
      return typed([...before].slice(0, -1).join(''));
    case 'ctrl-u':
      return typed('');
    case 'tab':
    case 'down':
    case 'up': {
      const n = mode.choices.length;
      if (n === 0) return { state };
      const by = key === 'up' ? n - 1 : 1;
      return typed(mode.choices[(mode.choices.indexOf(mode.text) + by) % n]!, true);
    }
    default:
      return isCharacter(key) && before.length < LONGEST[mode.asks] ? typed(before + key) : { state };
  }
}
