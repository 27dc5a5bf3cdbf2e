import { command } from '../../src/cli/command.js';
import { text } from '../../src/cli/options.js';

/** `hs ledger accept-rollback`: goes on from a ledger that lacks what was seen of it (F3). */
export const ledgerAcceptRollback = command({
  name: 'ledger accept-rollback',
  class: 'plumbing',
  opens: 'write',
  summary: 'go on from a ledger that was rolled back',
  description: `Every command compares the ledger with the anchor, the highest position that this user has seen, and where that position is gone or another says so: those that only read go on with a warning, those that write stop with status 5. Where the store was restored from a copy on purpose, this records the decision in the ledger and sets the anchor to its head. The same where the anchor is there and cannot be read: only this command writes over it.

It needs the capability ledger.accept_rollback, and a ledger that is one unbroken chain. Where nothing was rolled back, nothing is changed.`,
  options: { reason: text('R', 'why, for the record') },
  resultSchema: 'hs.ledger-accept-rollback/1',
  examples: [
    {
      command: 'hs ledger accept-rollback --reason "restored from the copy of Monday"',
      explains: 'Go on with a restored store.',
    },
  ],
  files: { '$XDG_STATE_HOME/hs/anchors/STORE-ID': 'the anchor' },
  exits: { 5: 'what is there is not one unbroken chain' },
  seeAlso: ['hs-ledger-verify(1)', 'hs-ledger(7)'],
  async run({ options, session }) {
    const { acceptRollback } = await import('../../src/ops/govern/accept-rollback.js');
    return acceptRollback(await session({ unchecked: true }), options.reason);
  },
  render: ({ accepted, seen, head }) =>
    accepted
      ? `accepted: the ledger goes on at entry ${head.seq}; ${seen === undefined ? 'what was seen before is lost' : `entry ${seen.seq} was seen before`}`
      : 'nothing to accept: the ledger goes on from where it was seen',
});
