import { command } from '../../src/cli/command.js';
import { text } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';
import { readEvidence, readPublicKey } from '../../src/cli/read-evidence.js';
import { counted } from '../../src/cli/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs proof verify`: a proof of the ledger, checked without a store (I4). */
export const proofVerify = command({
  name: 'proof verify',
  class: 'plumbing',
  opens: 'none',
  verdict: true,
  summary: 'check a proof about a ledger, without its store',
  description: `Takes what hs-ledger-prove(1) printed and the public key of whoever signed the checkpoint: as NAME+HASH+KEY, or a file with that, with a public key of OpenSSH, or in PEM. Says what is proven: that an entry, whose content is shown by --json, is in the ledger of the checkpoint, or that a newer checkpoint continues an older one.`,
  positionals: { file: one('FILE', { complete: 'file' }) },
  options: { pubkey: text('KEY', "the signer's public key, or a file that holds it", { complete: 'file' }) },
  resultSchema: 'hs.proof-verify/1',
  examples: [
    { command: 'hs proof verify proof.json --pubkey key.pub', explains: 'Check what somebody sent.' },
  ],
  exits: { 5: 'it proves nothing: a signature or a hash does not match' },
  seeAlso: ['hs-ledger-prove(1)', 'hs-ledger-sign(1)'],
  async run(context) {
    const { args, options } = context;
    if (options.pubkey === undefined)
      throw new HsError('USAGE', 'whose signature is it to be? Give --pubkey KEY');
    const { decodeProof, verifyProof } = await import('../../src/core/evidence/ledger-proof.js');
    const bytes = await readEvidence(context, args.file);
    const proof = decodeProof(bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes);
    const { checkpoint, older, entry } = verifyProof(proof, await readPublicKey(context, options.pubkey));
    return {
      proven: proof.kind,
      store_id: checkpoint.storeId,
      entries: checkpoint.size,
      head: checkpoint.head,
      time: checkpoint.time,
      ...(older === undefined ? {} : { older_entries: older.size }),
      ...(entry === undefined ? {} : { entry: { ...entry } }),
    };
  },
  render({ store_id, entries, time, older_entries, entry }, { text: shown }) {
    const ledger = `the ledger of store ${store_id} with ${counted(entries, 'entry', 'entries')}, signed ${time}`;
    if (entry === undefined) return `proven: ${ledger}, continues that with ${older_entries}`;
    const who = `${entry.actor}:${entry.actor_id}`;
    return `proven: entry ${entry.seq} (${entry.type}, ${entry.at}, ${shown(who)}) is in ${ledger}`;
  },
});
