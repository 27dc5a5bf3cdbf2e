/**
 * A key press: a single character, or one of `up down left right pageup pagedown home end enter escape tab backspace`,
 * or `ctrl-` and a letter.
 */
export type Key = string;

export const ACTIONS = {
  up: { keys: ['up', 'k'], shown: '↑ k', ascii: 'Up k', does: 'up' },
  down: { keys: ['down', 'j'], shown: '↓ j', ascii: 'Down j', does: 'down' },
  pageUp: { keys: ['pageup', 'ctrl-b'], shown: 'PgUp Ctrl-B', does: 'a page up' },
  pageDown: { keys: ['pagedown', 'ctrl-f'], shown: 'PgDn Ctrl-F', does: 'a page down' },
  halfUp: { keys: ['ctrl-u'], shown: 'Ctrl-U', does: 'half a page up' },
  halfDown: { keys: ['ctrl-d'], shown: 'Ctrl-D', does: 'half a page down' },
  first: { keys: ['home', 'g'], shown: 'Home g', does: 'to the first' },
  last: { keys: ['end', 'G'], shown: 'End G', does: 'to the last' },
  view: {
    keys: ['tab', 'v'],
    shown: 'Tab v',
    does: 'switch between prune, keep and trash',
    short: 'view',
  },
  enter: { keys: ['enter'], shown: 'Enter', does: 'details; opens and closes a group', short: 'details' },
  left: { keys: ['left', 'h'], shown: '← h', ascii: 'Left h', does: 'close the group' },
  right: { keys: ['right', 'l'], shown: '→ l', ascii: 'Right l', does: 'open the group' },
  filter: { keys: ['/', 'f'], shown: '/ f', does: 'filter as you type', short: 'filter' },
  clear: { keys: ['escape'], shown: 'Esc', does: 'clear the filter' },
  sort: { keys: ['s'], shown: 's', does: 'sort by the next column', short: 'sort' },
  column: { keys: ['1', '2', '3', '4', '5', '6', '7'], shown: '1 to 7', does: 'sort by that column' },
  reverse: { keys: ['S'], shown: 'S', does: 'reverse the order' },
  reload: { keys: ['r'], shown: 'r', does: 'read the store again and make a new plan' },
  group: { keys: ['b'], shown: 'b', does: 'group by rule, class, name or none', short: 'group' },
  pin: { keys: ['p'], shown: 'p', does: 'pin it or the group', short: 'pin' },
  unpin: { keys: ['u'], shown: 'u', does: 'unpin it or the group', short: 'unpin' },
  spare: { keys: [' ', 'x'], shown: 'Space x', does: 'spare it from this run, or undo that', short: 'spare' },
  spareAll: { keys: ['X'], shown: 'X', does: 'spare everything listed, or undo that' },
  apply: { keys: ['a'], shown: 'a', does: 'apply; asks first', short: 'apply' },
  repaint: { keys: ['ctrl-l'], shown: 'Ctrl-L', does: 'draw the screen again' },
  help: { keys: ['?'], shown: '?', does: 'all keys', short: 'help' },
  quit: { keys: ['q'], shown: 'q', does: 'quit; nothing is removed', short: 'quit' },
} as const satisfies Record<string, Binding>;

export interface Binding {
  readonly keys: readonly Key[];
  readonly shown: string;
  /** For a terminal without Unicode. */
  readonly ascii?: string;
  readonly does: string;
  /** Shown in the footer with this word. */
  readonly short?: string;
}

export type Action = keyof typeof ACTIONS;

const BY_KEY = new Map<Key, Action>(
  (Object.keys(ACTIONS) as Action[]).flatMap((action) => ACTIONS[action].keys.map((key) => [key, action])),
);

/** The action of a key in a list. */
export function actionOf(key: Key): Action | undefined {
  return BY_KEY.get(key);
}

/** True for a key that types a character. */
export function isCharacter(key: Key): boolean {
  return [...key].length === 1;
}

interface InkKey {
  readonly [name: string]: boolean | string | undefined;
}

const NAMED: readonly (readonly [string, Key])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['tab', 'tab'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
];

const CONTROLS = new Map<string, Key>([
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\t', 'tab'],
  ['\b', 'backspace'],
  ['\x7f', 'backspace'],
  ['\x1b', 'escape'],
]);

/** Ink delivers everything read at once as one input: several keys if they were typed fast, or pasted. */
export function pressedKeys(input: string, ink: InkKey): Key[] {
  const named = NAMED.find(([name]) => ink[name] === true);
  if (named !== undefined) return [named[1]];
  if (ink.ctrl === true && input.length === 1) return [`ctrl-${input}`];
  const typed = [...input].flatMap(keyOfCharacter);
  // Alt has no function here: it is Escape and a key that were read at once.
  return ink.meta === true ? ['escape', ...typed] : typed;
}

function keyOfCharacter(c: string): Key[] {
  const control = CONTROLS.get(c);
  if (control !== undefined) return [control];
  const code = c.codePointAt(0)!;
  if (code >= 0x20) return code >= 0x80 && code < 0xa0 ? [] : [c];
  return [`ctrl-${String.fromCharCode(code + 0x60)}`];
}
