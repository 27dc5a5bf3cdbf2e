import { command } from '../../src/cli/command.js';
import { text } from '../../src/cli/options.js';
import { KEY } from '../shared/attest.js';

/** `hs ledger sign`: a signed checkpoint of the ledger (I4). */
export const ledgerSign = command({
  name: 'ledger sign',
  class: 'plumbing',
  opens: 'read',
  summary: 'print a signed checkpoint of the ledger',
  description: `A checkpoint states what the ledger is at this moment: the store, the number of entries, the root of the Merkle tree over their exact bytes (RFC 6962), the hash of the newest entry, and the time. It is a C2SP tlog-checkpoint in a signed note, with an Ed25519 signature. Publish it, or give it to the other party: whoever has it and the public key can later verify, without trusting this machine, that the ledger still begins with those entries. Nothing is written to the store.

With --verbose, the public key is printed as NAME+HASH+KEY, the form that hs-proof-verify(1) and other readers of signed notes accept.`,
  options: {
    key: KEY,
    keyName: text('NAME', "the signer's name in the note (default: hsstore/ and the store's id)"),
  },
  resultSchema: 'hs.ledger-sign/1',
  examples: [
    { command: 'hs ledger sign --key key.pem > checkpoint', explains: 'Sign the ledger as it is now.' },
  ],
  exits: { 5: 'the ledger is broken, or was rolled back' },
  seeAlso: ['hs-ledger-verify(1)', 'hs-ledger-prove(1)', 'hs-proof-verify(1)', 'ssh-keygen(1)'],
  async run({ options, path, session, log }) {
    const { signCheckpoint } = await import('../../src/ops/evidence/sign-checkpoint.js');
    const { key = 'ssh-agent', keyName: name } = options;
    const { note, checkpoint, verifierKey } = await signCheckpoint(await session(), {
      key: key === 'ssh-agent' ? key : path(key),
      ...(name === undefined ? {} : { name }),
    });
    log.detail(`public key ${verifierKey}`);
    const { storeId, size, root, head, time } = checkpoint;
    return {
      store_id: storeId,
      entries: size,
      root: root.toString('hex'),
      head,
      time,
      public_key: verifierKey,
      checkpoint: note,
    };
  },
  render: ({ checkpoint }) => checkpoint.trimEnd(),
});
