import { command } from '../../src/cli/command.js';
import { text } from '../../src/cli/options.js';
import { readEvidence, readPublicKey } from '../../src/cli/read-evidence.js';
import type { ObjectId, Timestamp } from '../../src/core/objects/ids.js';
import { counted } from '../../src/core/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { LedgerVerdict } from '../../src/store/ledger/ledger-verdict.js';

interface Verified extends LedgerVerdict {
  readonly ok: boolean;
  /** The checkpoint or anchor compared with the ledger. */
  readonly checkpoint?: { readonly entries: number; readonly head: ObjectId; readonly time: Timestamp };
}

/** `hs ledger verify`: verifies the ledger, and names each problem precisely (F3). */
export const ledgerVerify = command({
  name: 'ledger verify',
  class: 'plumbing',
  opens: 'read',
  verdict: true,
  summary: 'verify the hash chain and report tampering',
  description: `Reads every entry and checks its number, form, place in the chain, payload and operations (also those stored in objects), the policies that it set and the lists of paths that it names. Also checks that no event occurs twice, that each entry is valid in the state before it, and that the ledger's directories contain nothing else. Then compares the ledger with the anchor, which is kept outside the store and records the highest position that this user has seen. A warning says if the anchor cannot be written and so falls behind.

With --checkpoint, also checks that the ledger begins with the entries of a checkpoint signed with the key that --pubkey names. This detects a ledger that was rewritten on this machine together with its anchor.

This finds entries that were edited, dropped, reordered or duplicated, and a ledger that was truncated or rolled back. Nothing is repaired: restore the store from a copy.`,
  options: {
    checkpoint: text('FILE', 'also compare with this signed checkpoint', { complete: 'file' }),
    pubkey: text('KEY', "the signer's public key, or a file that contains it", { complete: 'file' }),
  },
  resultSchema: 'hs.ledger-verify/1',
  list: 'problems',
  examples: [
    { command: 'hs ledger verify', explains: 'Verify the ledger.' },
    {
      command: 'hs ledger verify --checkpoint checkpoint --pubkey key.pub',
      explains: 'Verify that nothing was rewritten since a checkpoint was signed.',
    },
  ],
  exits: { 5: 'problems were found' },
  seeAlso: ['hs-ledger(7)', 'hs-fsck(1)', 'hs-ledger-accept-rollback(1)'],
  async run(context): Promise<Verified> {
    const { options, session, exit, log, progress, signal } = context;
    if ((options.checkpoint === undefined) !== (options.pubkey === undefined))
      throw new HsError('USAGE', "'--checkpoint' and '--pubkey' must be given together");
    const { verifyLedger } = await import('../../src/store/ledger/verify-ledger.js');
    const opened = await session({ unchecked: true });
    const { store } = opened;
    const verdict = await verifyLedger(store, progress, signal);
    if (!(await store.anchor.isWritable())) {
      const seen = await store.anchor.look();
      const until = seen === undefined || seen === 'lost' ? '' : `, which it knows up to entry ${seen.seq}`;
      log.warn(`${store.anchor.unkept}${until}`);
    }
    if (verdict.problems.length > 0) exit(new HsError('LEDGER_BROKEN', '').exitStatus);
    const ok = verdict.problems.length === 0;
    if (!ok || options.checkpoint === undefined) return { ok, ...verdict };
    const { compareWithCheckpoint } = await import('../../src/ops/evidence/prove.js');
    const note = (await readEvidence(context, options.checkpoint)).toString('utf8');
    const { size, head, time } = await compareWithCheckpoint(
      opened,
      note,
      await readPublicKey(context, options.pubkey!),
    );
    return { ok, ...verdict, checkpoint: { entries: size, head, time } };
  },
  render: ({ ok, entries, head, anchor, problems, checkpoint }, { text: shown, style }) => {
    const seen = { none: '', matches: ', as seen before', differs: '', lost: '' }[anchor];
    if (ok) {
      const chain = `${counted(entries, 'entry', 'entries')}, one unbroken chain up to ${head!.hash}${seen}`;
      if (checkpoint === undefined) return chain;
      return `${chain}\nit begins with the ${counted(checkpoint.entries, 'entry', 'entries')} of the checkpoint signed ${checkpoint.time}`;
    }
    return [
      ...problems.map(({ kind, message }) => `${style.bad(kind)}: ${shown(message)}`),
      `${counted(entries, 'entry', 'entries')}, ${counted(problems.length, 'problem')}`,
    ].join('\n');
  },
});
