import { command } from '../../src/cli/command.js';

/** `hs ledger head`: number and hash of the newest entry. */
export const ledgerHead = command({
  name: 'ledger head',
  class: 'plumbing',
  opens: 'read',
  summary: 'print the number and hash of the newest ledger entry',
  description: `The hash is the SHA-256 of the exact bytes of the entry; the next entry will have it as "prev". Two copies of a store with the same head have the same ledger.`,
  resultSchema: 'hs.ledger-head/1',
  examples: [{ command: 'hs ledger head', explains: 'Print the state of the store, to compare it later.' }],
  exits: { 5: 'the ledger is broken, or was rolled back' },
  seeAlso: ['hs-ledger(7)', 'hs-ledger-verify(1)'],
  async run({ session }) {
    const { ledger } = (await session()).store;
    const { entry, hash } = await ledger.read(await ledger.headSeq());
    return { seq: entry.seq, hash, type: entry.type, at: entry.at, event_id: entry.event_id };
  },
  render: ({ seq, hash }) => `${seq} ${hash}`,
});
