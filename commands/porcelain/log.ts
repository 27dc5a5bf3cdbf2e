import { listing } from '../../src/cli/command.js';
import type { Context } from '../../src/cli/command-context.js';
import { choice, flag, integer, pastTime, text } from '../../src/cli/options.js';
import { maybe } from '../../src/cli/positionals.js';
import { describeEntry } from '../../src/cli/text/history-text.js';
import { humanAge } from '../../src/cli/text/human-age.js';
import { pad } from '../../src/cli/text/width.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import { type EntryType, PAYLOADS } from '../../src/core/ledger/entry-types.js';
import { utcTime } from '../../src/core/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { HistoryRow } from '../../src/ops/inspect/history.js';

/** A screen or two. */
const ON_A_TERMINAL = 50;
const BEFORE_FOLLOWING = 10;
const AGE_WIDTH = '59 minutes ago'.length;

async function* follow(
  context: Pick<Context, 'session' | 'takeSignals' | 'exit' | 'host'>,
  query: Parameters<typeof import('../../src/ops/inspect/history.js').history>[1],
  last: number,
): AsyncGenerator<HistoryRow> {
  const { followHistory } = await import('../../src/ops/inspect/history.js');
  const until = new AbortController();
  const session = await context.session();
  // Nothing is written while nothing happens, so no failed write would reveal a closed pipe.
  const unwatch = await context.host.onReaderGone(() => until.abort());
  const release = context.takeSignals((signal) => {
    // Ctrl-C is the normal way to end it: its own status, and no message.
    context.exit(new HsError(signal === 'SIGINT' ? 'INTERRUPTED' : 'TERMINATED', '').exitStatus);
    until.abort();
  });
  try {
    yield* followHistory(session, query, last, until.signal);
  } finally {
    unwatch();
    release();
  }
}

/** `hs log`: the history of the store or of one artifact. */
export const log = listing({
  name: 'log',
  class: 'porcelain',
  opens: 'read',
  summary: 'show the history of the store or of an artifact',
  description: `Shows the ledger in words, the newest entry first: who did what, to which artifacts, and what was refused. With ID, shows only entries about that artifact, which may be a removed one.

On a terminal it stops after ${ON_A_TERMINAL} entries unless \`--limit\` says otherwise; in a pipe it continues to the first entry, and stops when its reader does. With \`--follow\` it shows the last ${BEFORE_FOLLOWING} and then each new entry as it is appended, until Ctrl-C. hs-ledger-cat(1) prints the entries themselves.`,
  positionals: { id: maybe('ID', { complete: 'artifact' }) },
  options: {
    type: choice(Object.keys(PAYLOADS) as EntryType[], 'TYPE', 'only entries of this type'),
    artifact: text('ID', 'as the argument ID', { complete: 'artifact' }),
    actor: text('ACTOR', 'only entries of this actor, TYPE:ID or ID; may be a glob'),
    job: text('JOB', 'only entries of this job; may be a glob', { complete: 'job' }),
    since: pastTime('TIME', 'only entries since TIME, such as 7d'),
    limit: integer('N', 'show at most N entries', { min: 1 }, { short: 'n' }),
    follow: flag('f', 'wait for new entries and show them'),
  },
  pages: ({ follow }) => !follow,
  resultSchema: 'hs.log/1',
  examples: [
    { command: 'hs log', explains: 'Show recent history.' },
    { command: 'hs log report --type export_record', explains: 'Show where an artifact was exported to.' },
    { command: 'hs log --actor ai_job:nightly --since 1d', explains: 'Show what an actor did today.' },
    { command: 'hs log --since -7d --jsonl', explains: 'Print the last week for a script.' },
  ],
  seeAlso: ['hs-ledger-cat(1)', 'hs-ledger-verify(1)', 'hs-show(1)', 'hs-ledger(7)'],
  async *run(context) {
    const { args, options, globals, terminal, session } = context;
    if (args.id !== undefined && options.artifact !== undefined) {
      throw new HsError('USAGE', "ID cannot be given together with '--artifact'");
    }
    const { type, since, actor, job } = options;
    const query = compact({ artifact: args.id ?? options.artifact, type, since, actor, job });
    if (options.follow) {
      if (globals.json) throw new HsError('USAGE', "'--json' cannot be given together with '--follow'");
      yield* follow(context, query, options.limit ?? BEFORE_FOLLOWING);
      return;
    }
    const { history } = await import('../../src/ops/inspect/history.js');
    const people = terminal.stdout && !globals.json && !globals.jsonl;
    const limit = options.limit ?? (people ? ON_A_TERMINAL : Number.POSITIVE_INFINITY);
    let shown = 0;
    for await (const row of history(await session(), query)) {
      if (shown++ === limit) {
        if (options.limit === undefined)
          context.log.note(`there are more entries: hs log --limit N, or hs log | less`);
        return;
      }
      yield row;
    }
  },
  line: (row, view) => {
    const { faint, id, bad } = view.style;
    const when = view.terminal
      ? pad(humanAge(Date.parse(row.at), view.now), AGE_WIDTH)
      : utcTime(row.at, 'second');
    const told = view.text(describeEntry(row));
    const said = row.decision === 'deny' ? bad(told) : told;
    const clock = row.set_clock === undefined ? '' : faint(` [clock set to ${row.set_clock}]`);
    return `${id(String(row.seq).padStart(5))}  ${faint(when)}  ${view.text(row.actor)} ${said}${clock}`;
  },
});
