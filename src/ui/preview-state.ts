import type { ArtifactId } from '../core/objects/ids.js';
import type { PrunePlan } from '../core/retention/prune-plan.js';
import { type Table, tableOf } from './item-table.js';
import type { Key } from './key-bindings.js';
import type { ApplyOutcome, ApplyProgress, Detail, TrashContents, UndoWindow } from './preview-data.js';
import { type RemovalTotals, removalTotals } from './removal-totals.js';
import { type Choice, rowAt, type Selection, sameRow, select } from './selection.js';

export interface Failure {
  readonly message: string;
  readonly hint?: string | undefined;
}

/** The component that has the keyboard focus. */
export type Mode =
  | { readonly at: 'list' }
  | { readonly at: 'filter'; readonly before: string }
  | { readonly at: 'detail'; readonly id: ArtifactId; readonly detail?: Detail; readonly scroll: number }
  | { readonly at: 'help'; readonly scroll: number }
  | {
      readonly at: 'prompt';
      readonly asks: 'pin' | 'reason' | 'unpin';
      readonly ids: readonly ArtifactId[];
      readonly text: string;
      /** The text is a proposal: the first typed character replaces it. */
      readonly proposed: boolean;
      /** The pin's name, once `reason` is asked for. */
      readonly name?: string;
      /** Matching pins; Tab cycles through them. */
      readonly choices: readonly string[];
      readonly back: Mode;
    }
  | { readonly at: 'confirm'; readonly typed: string; readonly scroll: number }
  | { readonly at: 'applying'; readonly progress?: ApplyProgress; readonly stopping: boolean }
  | { readonly at: 'done'; readonly outcome: ApplyOutcome; readonly scroll: number }
  | { readonly at: 'failed'; readonly failure: Failure; readonly scroll: number };

/** Everything that the preview shows, and nothing else. */
export interface PreviewState {
  readonly selection: Selection;
  /** Milliseconds: the reference for ages. */
  readonly now: number;
  readonly trash?: UndoWindow | undefined;
  /** The contents of the trash; only if applying empties it. */
  readonly emptying?: TrashContents | undefined;
  readonly defaultPin: string;
  readonly columns: number;
  readonly rows: number;
  /** By index in the table: 1 for items spared from this run. */
  readonly spared: Uint8Array;
  /** Items pruned and not spared. */
  readonly totals: RemovalTotals;
  readonly cursor: number;
  /** The first visible row. */
  readonly top: number;
  readonly mode: Mode;
  readonly message?: { readonly text: string; readonly tone: 'good' | 'danger' } | undefined;
  /** The pending request to the store; keys that would start another are ignored. */
  readonly busy?: string | undefined;
}

export type PreviewEvent =
  | { readonly type: 'key'; readonly key: Key }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number }
  | {
      readonly type: 'planned';
      readonly plan: PrunePlan;
      /** Present if the trash was read again too. */
      readonly emptying?: TrashContents | undefined;
      readonly after: string;
    }
  | { readonly type: 'detailed'; readonly detail: Detail }
  | { readonly type: 'refused'; readonly failure: Failure }
  | { readonly type: 'progress'; readonly progress: ApplyProgress }
  | { readonly type: 'applied'; readonly outcome: ApplyOutcome }
  | { readonly type: 'failed'; readonly failure: Failure };

/** A side effect for the runner of the preview; its result comes back as an event. */
export type Effect =
  | { readonly type: 'detail'; readonly id: ArtifactId }
  | {
      readonly type: 'pin';
      readonly ids: readonly ArtifactId[];
      readonly name: string;
      readonly reason?: string;
    }
  | { readonly type: 'unpin'; readonly ids: readonly ArtifactId[]; readonly name: string }
  | { readonly type: 'apply' }
  | { readonly type: 'reload' }
  | { readonly type: 'stop' }
  | { readonly type: 'repaint' }
  | { readonly type: 'quit' }
  | { readonly type: 'interrupt' };

export interface Step {
  readonly state: PreviewState;
  readonly effect?: Effect;
}

export const LEAST_COLUMNS = 40;
export const LEAST_ROWS = 10;
/** Then only a message is shown, and no action happens out of sight. */
export function isTooSmall({ columns, rows }: PreviewState): boolean {
  return columns < LEAST_COLUMNS || rows < LEAST_ROWS;
}

/** Lines around the list: totals, sums, bar, headings above; status and keys below. */
const CHROME = 6;

export interface Opening {
  readonly plan: PrunePlan;
  readonly now: number;
  readonly trash?: UndoWindow | undefined;
  readonly emptying?: TrashContents | undefined;
  readonly defaultPin: string;
  readonly columns: number;
  readonly rows: number;
}

export function initialState({ plan, ...rest }: Opening): PreviewState {
  const { emptying } = rest;
  const inTrash = emptying?.artifacts ?? [];
  const view = plan.header.pruned > 0 ? 'prune' : inTrash.length > 0 ? 'trashed' : 'keep';
  const choice: Choice = {
    view,
    sort: 'size',
    descending: true,
    filter: '',
    group: 'none',
    open: new Set(),
  };
  const table = tableOf(plan, inTrash);
  const spared = new Uint8Array(table.items.length);
  return {
    ...rest,
    selection: select(table, choice),
    spared,
    totals: removalTotals(table, spared),
    cursor: 0,
    top: 0,
    mode: { at: 'list' },
  };
}

/** Whether applying would have an effect. */
export function hasWork({ totals, emptying }: PreviewState): boolean {
  return totals.all.items > 0 || emptying !== undefined;
}

/** Number of list rows that fit on the screen. */
export function listHeight(state: PreviewState): number {
  return Math.max(1, state.rows - CHROME);
}

/** Moves the cursor to `row`, and scrolls to make it visible. */
export function moveTo(state: PreviewState, row: number): PreviewState {
  const last = Math.max(0, state.selection.rows.length - 1);
  const cursor = Math.min(last, Math.max(0, row));
  const height = listHeight(state);
  const most = Math.max(0, state.selection.rows.length - height);
  const top = Math.min(most, Math.max(cursor - height + 1, Math.min(state.top, cursor)));
  return { ...state, cursor, top };
}

/** Replaces the rows; the cursor stays on its item, else on its row. */
export function choose(state: PreviewState, choice: Partial<Choice>, table?: Table): PreviewState {
  const before = state.selection;
  const selection = select(table ?? before.table, { ...before.choice, ...choice }, before);
  return moveTo({ ...state, selection }, sameRow(selection, before, state.cursor) ?? state.cursor);
}

/** Indexes of the items in the row under the cursor: one, or all of a group. */
export function placesUnderCursor({ selection, cursor }: PreviewState): Uint32Array {
  const row = rowAt(selection, cursor);
  if (row === undefined) return new Uint32Array();
  return 'item' in row ? Uint32Array.of(row.place) : row.group.members;
}

/** Changes the spared items, and recomputes the totals. */
export function withSpared(state: PreviewState, spared: Uint8Array): PreviewState {
  return { ...state, spared, totals: removalTotals(state.selection.table, spared) };
}
