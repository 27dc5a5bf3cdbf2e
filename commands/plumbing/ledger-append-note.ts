import { command } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { many } from '../../src/cli/positionals.js';
import { decodeUtf8 } from '../../src/core/json/canonical.js';
import { HsError } from '../../src/errors/hs-error.js';

/** Four bytes for each of a note's up to 4096 characters, and a newline. */
const MAX_NOTE_BYTES = 4 * 4096 + 1;

/** `hs ledger append-note`: appends a note. */
export const ledgerAppendNote = command({
  name: 'ledger append-note',
  class: 'plumbing',
  opens: 'write',
  summary: 'append a note to the ledger',
  description: `A note is one line of at most 4096 characters. It changes nothing else. Like every entry, it cannot be removed: do not put secrets into it. \`-\` reads the note from standard input, as --stdin does.`,
  positionals: { words: many('TEXT') },
  options: { stdin: flag(undefined, 'read the note from standard input') },
  resultSchema: 'hs.ledger-append-note/1',
  examples: [
    {
      command: 'hs ledger append-note "moved to the new disk"',
      explains: 'Leave a note for readers of the ledger.',
    },
  ],
  seeAlso: ['hs-log(1)', 'hs-ledger(7)'],
  async run({ args, options, stdin, session }) {
    const words = args.words.join(' ');
    if (options.stdin === (words !== '')) {
      throw new HsError('USAGE', 'give the note as TEXT, as -, or with --stdin');
    }
    const { appendNote } = await import('../../src/ops/govern/ledger-note.js');
    const text =
      options.stdin || words === '-' ? decodeUtf8(await stdin.all(MAX_NOTE_BYTES)).replace(/\n$/, '') : words;
    const { seq, event_id } = await appendNote(await session(), text);
    return { seq, event_id };
  },
  render: ({ seq }) => String(seq),
});
