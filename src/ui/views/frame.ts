import { dayOf, type FreedBytes, freesText } from '../../cli/text/undo-text.js';
import { displayWidth } from '../../cli/text/width.js';
import { humanSize } from '../../core/text/human.js';
import { count } from '../cell-text.js';
import { fitted, shown, shownMessage } from '../column-text.js';
import type { View } from '../item-table.js';
import { ACTIONS, type Binding } from '../key-bindings.js';
import type { PreviewState } from '../preview-state.js';
import { BLANK, type Line, line, type Span } from '../styled-line.js';

/** The views with their counts, the current one in brackets; and the filters that the plan was asked with. */
export function tabs(state: PreviewState, unicode: boolean): Line {
  const { header } = state.selection.table.plan;
  const { view } = state.selection.choice;
  const totals = state.totals.all;
  const kept = header.scanned - header.pruned;
  const spared = header.pruned - totals.items;
  const lost = state.trash === undefined ? totals.items : state.totals.irreversible.items;
  const tab = (name: View, text: string): Span =>
    name === view ? { text: `[${text}]`, tone: 'accent' } : { text: ` ${text} `, tone: 'dim' };
  return [
    ...(state.columns >= 60 ? [{ text: 'hs gc  ', tone: 'strong' } as const] : []),
    tab('prune', `Prune ${count(totals.items)}`),
    { text: ' ' },
    tab('keep', `Keep ${count(kept)}`),
    ...(state.emptying === undefined
      ? []
      : [{ text: ' ' }, tab('trashed', `Trash ${count(state.emptying.artifacts.length)}`)]),
    ...(lost > 0 ? [{ text: `  ${count(lost)}! for good`, tone: 'danger' } as const] : []),
    ...(spared > 0 ? [{ text: `  ${count(spared)} spared`, tone: 'strong' } as const] : []),
    ...(header.failed > 0 ? [{ text: `  ${count(header.failed)} damaged`, tone: 'danger' } as const] : []),
    ...(header.filters === undefined
      ? []
      : [{ text: `  only ${shown(header.filters.join(', '), unicode)}` }]),
  ];
}

/** `Frees 9 KiB at once, 950 MiB from 2026-06-08`. */
function shortly(total: Required<FreedBytes>, until: string | undefined, about: string): string {
  const now = until === undefined ? total.freed_bytes : total.freed_at_once_bytes;
  const later = total.freed_bytes - now;
  const parts = [
    ...(now > 0 || later === 0 ? [`${about}${humanSize(now)} at once`] : []),
    ...(later > 0 ? [`${about}${humanSize(later)} from ${dayOf(until!)}`] : []),
  ];
  return `Frees ${parts.join(', ')}`;
}

/** How much would be freed and when, compared with the store and the quota, in words. */
export function sums(state: PreviewState): Line {
  const { header } = state.selection.table.plan;
  const { freed, atOnce, items } = state.totals.all;
  // A spared item may share bytes with a removed one, so less may be freed than the items suggest.
  const about = header.pruned > items ? 'up to ' : '';
  const share = header.stored_bytes === 0 ? 0 : Math.round((100 * freed) / header.stored_bytes);
  const quota = header.quota_bytes;
  const over = quota === undefined ? 0 : header.stored_bytes - freed - quota;
  const until = state.trash?.until;
  const total = { freed_bytes: freed + (state.emptying?.bytes ?? 0), freed_at_once_bytes: atOnce };
  const words = freesText(total, until, 'would', about);
  const said = `${words[0]!.toUpperCase()}${words.slice(1)}`;
  const of = `, of ${humanSize(header.stored_bytes)}`;
  const limit = quota === undefined ? '' : `, quota ${humanSize(quota)}`;
  const excess = over > 0 ? `, still ${humanSize(over)} over` : '';
  const short = shortly(total, until, about);
  const heads = [
    `${said}${of} (${share}%)${limit}`,
    `${said}${of}${limit}`,
    said + limit,
    // The quota figure matters more than the words.
    ...(quota === undefined ? [] : [`${short}${of}${limit}`, short + limit]),
    said,
    short,
  ];
  const fits = heads.find((text) => displayWidth(text + excess) < state.columns);
  const when = until === undefined ? 'at once' : `from ${dayOf(until)}`;
  const least = `Frees ${humanSize(total.freed_bytes)} ${when}`;
  return [{ text: fits ?? least }, { text: excess, tone: 'danger' }];
}

const SIGNS = {
  unicode: { kept: '█', freed: '▒', free: '·', quota: '│' },
  ascii: { kept: '#', freed: 'x', free: '.', quota: '|' },
};

/** The store as a bar: kept bytes, bytes to be removed, free space up to the quota, and the quota. */
export function bar(state: PreviewState, unicode: boolean): Line {
  const { stored_bytes: stored, quota_bytes: quota } = state.selection.table.plan.header;
  const { freed } = state.totals.all;
  const sign = unicode ? SIGNS.unicode : SIGNS.ascii;
  const limit = quota === undefined || quota >= stored || state.columns < 80 ? '' : ` ${sign.quota} quota`;
  const legend = state.columns >= 60 ? ` ${sign.kept} kept ${sign.freed} removed${limit}` : '';
  const cells = state.columns - displayWidth(legend) - 2;
  const whole = Math.max(stored, quota ?? 0, 1);
  const at = (bytes: number) => Math.round((cells * bytes) / whole);
  // Bytes to be removed are visible however few they are; so are kept ones.
  const goes = freed === 0 ? 0 : Math.max(1, at(freed));
  const kept = Math.max(stored > freed ? 1 : 0, at(stored) - goes);
  const drawn = [
    ...sign.kept.repeat(kept),
    ...sign.freed.repeat(goes),
    ...sign.free.repeat(Math.max(0, cells - kept - goes)),
  ].slice(0, cells);
  const mark = quota === undefined || quota >= whole ? undefined : Math.min(cells - 1, at(quota));
  if (mark !== undefined) drawn[mark] = sign.quota;
  return [{ text: '[' }, { text: drawn.join(''), tone: 'accent' }, { text: `]${legend}`, tone: 'dim' }];
}

function position(state: PreviewState): string {
  const { selection, cursor } = state;
  const { choice, rows, places } = selection;
  const here = rows.length === 0 ? '0' : `${count(cursor + 1)}/${count(rows.length)}`;
  const items = choice.group === 'none' ? '' : `, ${count(places.length)} items by ${choice.group}`;
  const listed = choice.view === 'keep' ? selection.table.largestKept : undefined;
  return here + items + (listed === undefined ? '' : ` of the ${count(listed)} largest that are kept`);
}

/** A question, a message, or the position. */
export function status(state: PreviewState, unicode: boolean): Line {
  const { mode, message, busy, selection } = state;
  const room = state.columns - 1;
  const typed = (label: string, text: string, proposed = false): Line => {
    const cursor = unicode ? '▏' : '_';
    const right = shown(text, unicode);
    const space = Math.max(4, room - displayWidth(label) - 1);
    const visible = displayWidth(right) <= space ? right : fitted(right, space, unicode);
    // A proposal looks selected, and behaves so: typing replaces it.
    const tone = proposed ? 'cursor' : 'plain';
    return [{ text: label, tone: 'strong' }, { text: visible, tone }, { text: cursor }];
  };
  if (mode.at === 'filter') return typed('filter: ', selection.choice.filter);
  if (mode.at === 'prompt') {
    const of = mode.ids.length > 1 ? ` ${count(mode.ids.length)} items` : '';
    if (mode.asks === 'pin') return typed(`pin${of} as: `, mode.text, mode.proposed);
    if (mode.asks === 'reason') return typed('reason (may be empty): ', mode.text);
    return typed(`unpin${of}${mode.choices.length > 1 ? ' (Tab: next)' : ''}: `, mode.text, mode.proposed);
  }
  if (busy !== undefined) return line(`${busy} ...`, 'accent');
  if (message !== undefined) {
    return line(fitted(shownMessage(message.text, unicode), room, unicode).trimEnd(), message.tone);
  }
  if (mode.at !== 'list') return BLANK;
  const { filter } = selection.choice;
  const at = position(state);
  if (filter === '') return line(at, 'dim');
  const text = `filter: ${shown(filter, unicode)} (Esc clears)`;
  return [
    { text: fitted(text, Math.min(displayWidth(text), room - displayWidth(at) - 2), unicode) },
    { text: `  ${at}`, tone: 'dim' },
  ];
}

type Hint = readonly [key: string, does: string];

const FOOTERS: Partial<Record<PreviewState['mode']['at'], readonly Hint[]>> = {
  filter: [
    ['Enter', 'keep'],
    ['Esc', 'undo'],
  ],
  prompt: [
    ['Enter', 'next'],
    ['Esc', 'cancel'],
  ],
  detail: [
    ['Esc', 'back'],
    ['h l', 'others'],
    ['p', 'pin'],
    ['u', 'unpin'],
    ['Space', 'spare'],
    ['j k', 'scroll'],
  ],
  help: [['Esc', 'back']],
  confirm: [
    ['yes Enter', 'remove'],
    ['Esc', 'back'],
  ],
  applying: [['Ctrl-C', 'stop']],
  done: [['q', 'quit']],
  failed: [['q', 'quit']],
};

/** The list's keys, most important first: a narrow terminal shows only the first. */
const FOOTER_ORDER = ['apply', 'view', 'spare', 'pin', 'filter', 'sort', 'group', 'enter', 'unpin'] as const;

function hintOf(binding: Binding): Hint {
  return [binding.shown.split(' ')[0]!, binding.short!];
}

function hintWidth([key, does]: Hint): number {
  return displayWidth(key) + displayWidth(does) + 3;
}

function spansOf(hints: readonly Hint[], columns: number): Span[] {
  let room = columns;
  const spans: Span[] = [];
  for (const hint of hints) {
    room -= hintWidth(hint);
    if (room < 0) break;
    spans.push({ text: hint[0], tone: 'strong' }, { text: ` ${hint[1]}  `, tone: 'dim' });
  }
  return spans;
}

/** The keys that apply here, as many as fit; in the list always `?` and `q`. */
export function footer(state: PreviewState): Line {
  const fixed = FOOTERS[state.mode.at];
  if (fixed !== undefined) return spansOf(fixed, state.columns);
  const last = [ACTIONS.help, ACTIONS.quit].map(hintOf);
  const room = state.columns - last.reduce((sum, hint) => sum + hintWidth(hint), 0);
  return [
    ...spansOf(
      FOOTER_ORDER.map((action) => hintOf(ACTIONS[action])),
      room,
    ),
    ...spansOf(last, state.columns),
  ];
}
