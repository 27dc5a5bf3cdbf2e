import { keepers } from '../../cli/removal-status.js';
import { type FreedBytes, freesText } from '../../cli/text/undo-text.js';
import { displayWidth, wrap } from '../../cli/text/width.js';
import { PRUNE_RULES } from '../../core/retention/prune-plan.js';
import { humanSize } from '../../core/text/human.js';
import { count, moment, plural } from '../cell-text.js';
import { fitted, shownMessage } from '../column-text.js';
import { ACTIONS, type Binding } from '../key-bindings.js';
import type { ApplyOutcome } from '../preview-data.js';
import type { Failure, Mode, PreviewState } from '../preview-state.js';
import { RULE_WORDS } from '../rule-words.js';
import { BLANK, type Line, line, type Tone } from '../styled-line.js';

function wrapped(text: string, columns: number, tone: Tone = 'plain', indent = ''): Line[] {
  return wrap(text, columns - indent.length - 1).map((part) => line(indent + part, tone));
}

/** All keys, in the order of the table. */
export function helpLines(state: PreviewState, unicode: boolean): Line[] {
  const bindings = Object.values<Binding>(ACTIONS);
  const keys = bindings.map((b) => (unicode ? b.shown : (b.ascii ?? b.shown)));
  const column = Math.max(...keys.map(displayWidth)) + 2;
  return [
    line('Keys', 'strong'),
    ...bindings.map(
      (b, i): Line => [
        { text: ` ${fitted(keys[i]!, column, unicode)}`, tone: 'accent' },
        { text: fitted(b.does, state.columns - column - 2, unicode).trimEnd() },
      ],
    ),
    BLANK,
    line('Marks', 'strong'),
    ...wrapped(
      's spared from this run   P pinned   ! cannot be brought back once removed',
      state.columns,
      'plain',
      ' ',
    ),
    ...wrapped(
      'A filter is a list of words. Each must occur in the name, id, rule, kind, class, layer, classification or a pin.',
      state.columns,
      'plain',
      ' ',
    ),
  ];
}

/** The confirmation: what would be removed and how it can be brought back. */
export function confirmLines(
  state: PreviewState,
  mode: Extract<Mode, { at: 'confirm' }>,
  unicode: boolean,
): Line[] {
  const { columns, trash, emptying } = state;
  const { all, irreversible, byRule } = state.totals;
  const lost = trash === undefined ? all : irreversible;
  const restorable = all.items - lost.items;
  const spared = state.selection.table.plan.header.pruned - all.items;
  const about = spared > 0 ? 'up to ' : '';
  const lines = [
    ...wrapped(questionOf(state), columns, 'accent'),
    ...wrapped(`This ${freesText(bytesOf(state), trash?.until, 'would', about)}.`, columns),
    ...quotaNote(state),
    ...(state.selection.choice.filter === ''
      ? []
      : wrapped('The filter affects only the list: hidden items are removed too.', columns, 'danger')),
    BLANK,
  ];
  if (lost.items > 0) {
    const why =
      emptying !== undefined
        ? 'the trash is emptied'
        : trash === undefined
          ? 'there is no trash window'
          : 'they, or artifacts with the same bytes, are sensitive and skip the trash';
    lines.push(
      ...wrapped(
        `${plural(lost.items, 'artifact')}, ${humanSize(lost.bytes)}, CANNOT be brought back: ${why}.`,
        columns,
        'danger',
      ),
    );
  }
  if (emptying !== undefined && emptying.artifacts.length > 0) {
    lines.push(
      ...wrapped(
        `${plural(emptying.artifacts.length, 'artifact')} removed before, in the trash, CANNOT be brought back after that.`,
        columns,
        'danger',
      ),
    );
  }
  if (trash !== undefined && restorable > 0) {
    const { days } = trash;
    const until = moment(trash.until).slice(0, 10);
    lines.push(
      ...wrapped(
        `${plural(restorable, 'artifact')} can be brought back for ${plural(days, 'day')}, until ${until}:`,
        columns,
      ),
      line('  hs restore --run ID', 'strong'),
      ...wrapped('with the ID of the report shown at the end.', columns, 'plain', '  '),
    );
  }
  lines.push(BLANK);
  for (const rule of PRUNE_RULES) {
    const sum = byRule.get(rule);
    if (sum !== undefined && sum.items > 0) {
      lines.push(
        line(
          `  ${RULE_WORDS[rule].padEnd(14)} ${count(sum.items).padStart(9)}  ${humanSize(sum.bytes).padStart(8)}`,
        ),
      );
    }
  }
  if (spared > 0) lines.push(line(`  ${'spared'.padEnd(14)} ${count(spared).padStart(9)}  kept`));
  lines.push(
    BLANK,
    [
      { text: 'Type yes and Enter to remove: ', tone: 'strong' },
      { text: `${shownMessage(mode.typed, unicode)}${unicode ? '▏' : '_'}` },
    ],
    ...wrapped('Esc goes back. Nothing is removed yet.', columns, 'dim'),
  );
  return lines;
}

/** The bytes that would be freed, including the trash if it is emptied. */
function bytesOf({ totals, emptying }: PreviewState): FreedBytes {
  const { freed, atOnce } = totals.all;
  return { freed_bytes: freed + (emptying?.bytes ?? 0), freed_at_once_bytes: atOnce };
}

function questionOf({ totals, emptying }: PreviewState): string {
  const { items } = totals.all;
  const empties = emptying === undefined ? '' : 'mpty the trash?';
  if (items === 0) return `E${empties}`;
  const removes = `Remove ${plural(items, 'artifact')}`;
  return empties === '' ? `${removes}?` : `${removes}, and e${empties}`;
}

function quotaNote({ selection, totals, columns }: PreviewState): Line[] {
  const { header } = selection.table.plan;
  const { quota_unmet_bytes: unmet } = header;
  const taken = totals.byRule.get('quota')?.items ?? 0;
  if (unmet === undefined || taken === 0) return [];
  const text = `The quota cannot be met: ${humanSize(unmet)} too many are kept by ${keepers(header)}. ${plural(taken, 'artifact')} would be removed for it anyway.`;
  return wrapped(text, columns, 'danger');
}

/** The progress of applying. */
export function applyingLines(
  state: PreviewState,
  mode: Extract<Mode, { at: 'applying' }>,
  unicode: boolean,
): Line[] {
  const { progress, stopping } = mode;
  const lines = [line(stopping ? 'Stopping ...' : 'Removing ...', 'accent'), BLANK];
  if (progress !== undefined) {
    const { phase, done, total, unit } = progress;
    const isCounted = total !== undefined || done > 0;
    const show = (n: number) => (unit === 'bytes' ? humanSize(n) : count(n));
    const of = total === undefined ? '' : ` of ${show(total)}`;
    lines.push(
      line(
        isCounted
          ? `${shownMessage(phase, unicode)}: ${show(done)}${of}${unit === 'bytes' ? '' : ` ${unit}`}`
          : `${shownMessage(phase, unicode)} ...`,
      ),
    );
    if (total !== undefined && total > 0) {
      const cells = Math.min(60, state.columns - 8);
      const full = Math.round(cells * Math.min(1, done / total));
      const drawn = (unicode ? '█' : '#').repeat(full) + (unicode ? '·' : '.').repeat(cells - full);
      lines.push(line(`[${drawn}] ${Math.floor((100 * Math.min(done, total)) / total)}%`));
    }
  }
  lines.push(
    BLANK,
    ...wrapped(
      stopping ? 'Press Ctrl-C again to quit at once.' : 'Press Ctrl-C to stop after the current step.',
      state.columns,
      'dim',
    ),
  );
  return lines;
}

/** The final report; also for `hs gc` to print after the screen is closed. */
export function outcomeText(outcome: ApplyOutcome): string[] {
  const { removed, freed, irreversible, emptied, purgedBytes, spared, purgePending } = outcome;
  const { trashUntil, reportId, runId, restorableUntil } = outcome;
  const tense = purgePending > 0 ? 'will' : 'did';
  const lines = [removed === 0 ? 'Removed nothing.' : `Removed ${plural(removed, 'artifact')}.`];
  const later = outcome.stays === true ? 'up to ' : '';
  if (removed > 0) lines.push(`This ${freesText(freed, trashUntil, tense, '', later)}.`);
  if (irreversible > 0) lines.push(`${plural(irreversible, 'artifact')} CANNOT be brought back.`);
  if (emptied > 0) lines.push(`${plural(emptied, 'artifact')} of the trash CANNOT be brought back.`);
  if (purgedBytes > 0) lines.push(`Purged ${humanSize(purgedBytes)} in all.`);
  if (spared > 0) lines.push(`${plural(spared, 'artifact')} kept: worth keeping by the time of the commit.`);
  if (purgePending > 0)
    lines.push(`${plural(purgePending, 'object')} will be purged once running commands end.`);
  if (reportId !== undefined) lines.push(`Report: hs report ${reportId.slice(0, 8)}`);
  if (runId !== undefined && restorableUntil !== undefined) {
    const back = irreversible === 0 ? 'Bring back' : 'Bring the others back';
    lines.push(`${back} until ${moment(restorableUntil)} UTC: hs restore --run ${runId}`);
  }
  return [...lines, ...outcome.warnings.map((w) => `Warning: ${w}`)];
}

export function doneLines(state: PreviewState, outcome: ApplyOutcome, unicode: boolean): Line[] {
  const [first, ...rest] = outcomeText(outcome).map((text) => shownMessage(text, unicode));
  return [
    ...wrapped(first!, state.columns, 'good'),
    BLANK,
    ...rest.flatMap((text) => wrapped(text, state.columns)),
  ];
}

export function failedLines(state: PreviewState, { message, hint }: Failure, unicode: boolean): Line[] {
  return [
    ...wrapped(`Failed: ${shownMessage(message, unicode)}`, state.columns, 'danger'),
    ...(hint === undefined ? [] : wrapped(`hint: ${shownMessage(hint, unicode)}`, state.columns)),
  ];
}
