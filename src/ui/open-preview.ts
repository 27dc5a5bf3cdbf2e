import chalk from 'chalk';
import { unlessAborted } from '../core/unless-aborted.js';
import { count } from './cell-text.js';
import { Slots } from './line-placeholders.js';
import { muteKeys } from './mute-keys.js';
import { Preview, type PreviewTerminal } from './preview.js';
import type { ApplyOutcome, ApplyProgress, PreviewModel } from './preview-data.js';
import { initialState } from './preview-state.js';
import { Screen } from './screen-lines.js';

/**
 * Shows the plan on the terminal until the user applies it or leaves. Resolves to the outcome, or undefined if nothing
 * was removed. Rejects with the model's error, with INTERRUPTED on Ctrl-C, or with the signal's reason. The terminal is
 * restored however it ends. `now` is in milliseconds.
 */
export async function openPreview(
  model: PreviewModel,
  terminal: PreviewTerminal,
  now: number,
): Promise<ApplyOutcome | undefined> {
  const { signal } = terminal;
  signal.throwIfAborted();
  const slots = new Slots();
  const screen = new Screen(terminal.stdout, slots);
  const level = chalk.level;
  chalk.level = terminal.colour ? (Math.max(1, level) as typeof level) : 0;
  // Restores the terminal even if the process exits in an unexpected way.
  const leave = () => screen.leave();
  process.once('exit', leave);
  const release = muteKeys(terminal.stdin);
  screen.enter();
  try {
    screen.write('hs gc: planning ...');
    const [plan, emptying] = await unlessAborted(
      Promise.all([model.plan(shownOn(screen)), model.emptying?.()]),
      signal,
    );
    release('go on');
    const { columns, rows } = terminal.stdout;
    screen.resize(columns || 80, rows || 24);
    const { trash, defaultPin } = model;
    const state = initialState({
      plan,
      emptying,
      now,
      trash,
      defaultPin,
      columns: screen.columns,
      rows: screen.rows,
    });
    return await new Preview(model, terminal, screen, slots, state).run();
  } finally {
    release('restore');
    screen.leave();
    process.off('exit', leave);
    chalk.level = level;
  }
}

/** A line that shows the progress of planning, updated at most twenty times a second. */
function shownOn(screen: Screen): (progress: ApplyProgress) => void {
  let last = 0;
  return ({ phase, done, total, unit }) => {
    const now = Date.now();
    if (now - last < 50) return;
    last = now;
    const of = total === undefined ? '' : ` of ${count(total)}`;
    screen.write(`hs gc: ${phase}: ${count(done)}${of} ${unit} ...`);
  };
}
