import { listing } from '../../src/cli/command.js';
import { choice, flag, integer } from '../../src/cli/options.js';
import { safeJson } from '../../src/cli/text/escape-for-terminal.js';
import { canonicalText } from '../../src/core/json/canonical.js';
import { type EntryType, PAYLOADS } from '../../src/core/ledger/payload.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs ledger cat`: entries as canonical JSON, one a line. */
export const ledgerCat = listing({
  name: 'ledger cat',
  class: 'plumbing',
  opens: 'read',
  summary: 'print ledger entries as JSON, one a line',
  description: `Prints each entry in canonical form, oldest first. Characters that a terminal could obey are written as JSON escapes; with -z, each record is exactly the bytes of the entry. Each entry is checked to follow the one before it.

What an entry keeps outside (payload_object, ops_object) is shown by hs-cat-object(1).`,
  nul: true,
  options: {
    from: integer('N', 'the first number to print'),
    to: integer('N', 'the last number to print'),
    reverse: flag(undefined, 'print the newest first'),
    type: choice(Object.keys(PAYLOADS) as EntryType[], 'TYPE', 'print only entries of this type'),
  },
  resultSchema: 'hs.ledger-cat/1',
  examples: [
    { command: 'hs ledger cat', explains: 'Print the whole ledger.' },
    {
      command: 'hs ledger cat --from 0 --to 0 -z | head -c -1 | sha256sum',
      explains: 'Hash an entry: what entry 1 carries as "prev".',
    },
  ],
  exits: { 5: 'the ledger is broken, or was rolled back' },
  seeAlso: ['hs-ledger(7)', 'hs-log(1)', 'hs-ledger-verify(1)'],
  async *run({ options, session }) {
    const { from, to, reverse, type } = options;
    if (from !== undefined && to !== undefined && from > to) {
      throw new HsError('USAGE', `'--from ${from}' is after '--to ${to}'`);
    }
    const { readLedger } = await import('../../src/ops/inspect/read-ledger.js');
    yield* readLedger(await session(), {
      reverse,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(type === undefined ? {} : { type }),
    });
  },
  line: (entry, view) => {
    const text = canonicalText(entry);
    return view.text(text) === text ? text : safeJson(JSON.parse(text));
  },
});
