import { command } from '../../src/cli/command.js';
import { text } from '../../src/cli/options.js';

/** `hs ledger accept-rollback`: accepts a ledger that lacks entries this user has seen (F3). */
export const ledgerAcceptRollback = command({
  name: 'ledger accept-rollback',
  class: 'plumbing',
  opens: 'write',
  summary: 'accept a rolled-back ledger and continue',
  description: `Every command compares the ledger with the anchor, the highest position that this user has seen. If that position is missing or different, commands that only read warn and continue, and commands that write stop with status 5. If the store was restored from a copy on purpose, this command records the decision in the ledger and sets the anchor to its head. It does the same if the anchor exists but cannot be read; no other command overwrites it.

It needs the capability ledger.accept_rollback, and a ledger that is one unbroken chain. If nothing was rolled back, nothing is changed.`,
  options: { reason: text('R', 'reason, for the record') },
  resultSchema: 'hs.ledger-accept-rollback/1',
  examples: [
    {
      command: 'hs ledger accept-rollback --reason "restored from the copy of Monday"',
      explains: 'Continue with a restored store.',
    },
  ],
  files: { '$XDG_STATE_HOME/hs/anchors/STORE-ID': 'the anchor' },
  exits: { 5: 'the ledger is not one unbroken chain' },
  seeAlso: ['hs-ledger-verify(1)', 'hs-ledger(7)'],
  async run({ options, session }) {
    const { acceptRollback } = await import('../../src/ops/govern/accept-rollback.js');
    return acceptRollback(await session({ unchecked: true }), options.reason);
  },
  render: ({ accepted, seen, head }) =>
    accepted
      ? `accepted: the ledger continues at entry ${head.seq}; ${seen === undefined ? 'the previous anchor is lost' : `entry ${seen.seq} was seen before`}`
      : 'nothing to accept: the ledger continues what was seen before',
});
