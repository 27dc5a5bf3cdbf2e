import { listing } from '../../src/cli/command.js';
import { choice, flag, integer } from '../../src/cli/options.js';
import { safeJson } from '../../src/cli/text/escape-for-terminal.js';
import { canonicalText } from '../../src/core/json/canonical.js';
import { type EntryType, PAYLOADS } from '../../src/core/ledger/entry-types.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs ledger cat`: entries as canonical JSON, one per line. */
export const ledgerCat = listing({
  name: 'ledger cat',
  class: 'plumbing',
  opens: 'read',
  summary: 'print ledger entries as JSON',
  description: `Prints each entry in canonical form, one per line, oldest first. Characters that could control a terminal are written as JSON escapes; with -z, each record is exactly the bytes of the entry. Each entry is checked to follow the one before it.

What an entry stores in an object of its own (payload_object, ops_object) is printed by hs-cat-object(1).`,
  nul: true,
  options: {
    from: integer('N', 'number of the first entry to print'),
    to: integer('N', 'number of the last entry to print'),
    reverse: flag(undefined, 'print the newest first'),
    type: choice(Object.keys(PAYLOADS) as EntryType[], 'TYPE', 'print only entries of this type'),
  },
  resultSchema: 'hs.ledger-cat/1',
  examples: [
    { command: 'hs ledger cat', explains: 'Print the whole ledger.' },
    {
      command: 'hs ledger cat --from 0 --to 0 -z | head -c -1 | sha256sum',
      explains: 'Hash entry 0; entry 1 has this hash as "prev".',
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
