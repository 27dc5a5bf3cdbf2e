import { command } from '../../src/cli/command.js';
import { counted } from '../../src/cli/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs ledger verify`: whether the ledger is whole, and if not, what precisely is wrong (F3). */
export const ledgerVerify = command({
  name: 'ledger verify',
  class: 'plumbing',
  opens: 'read',
  verdict: true,
  summary: 'check the whole ledger, and say what was changed',
  description: `Reads every entry and checks its number, its form, its place in the chain, its payload and its operations (those kept in objects too), that no event is there twice, that each follows from the state before it, and that nothing else lies in the ledger's directories. Then compares with the anchor, which is kept outside of the store and knows the highest position that this user has seen.

Finds entries that were edited, dropped, reordered or duplicated, and a ledger that was truncated or rolled back. Nothing is repaired: restore the store from a copy.`,
  resultSchema: 'hs.ledger-verify/1',
  examples: [{ command: 'hs ledger verify', explains: 'Check the ledger.' }],
  exits: { 5: 'something is wrong' },
  seeAlso: ['hs-ledger(7)', 'hs-fsck(1)', 'hs-ledger-accept-rollback(1)'],
  async run({ session, exit, progress, signal }) {
    const { verifyLedger } = await import('../../src/store/verify-ledger.js');
    const { store } = await session({ unchecked: true });
    const verdict = await verifyLedger(store, progress, signal);
    if (verdict.problems.length > 0) exit(new HsError('LEDGER_BROKEN', '').exitStatus);
    return { ok: verdict.problems.length === 0, ...verdict };
  },
  render: ({ ok, entries, head, anchor, problems }, { text, style }) => {
    const seen = { none: '', matches: ', as seen before', differs: '', lost: '' }[anchor];
    if (ok) return `${counted(entries, 'entry', 'entries')}, one unbroken chain up to ${head!.hash}${seen}`;
    return [
      ...problems.map(({ kind, message }) => `${style.bad(kind)}: ${text(message)}`),
      `${counted(entries, 'entry', 'entries')}, ${counted(problems.length, 'problem')}`,
    ].join('\n');
  },
});
