import { command } from '../../src/cli/command.js';
import { text } from '../../src/cli/options.js';
import { maybe } from '../../src/cli/positionals.js';
import { readEvidence } from '../../src/cli/read-evidence.js';
import { canonicalText } from '../../src/core/json/canonical.js';
import { parseInteger } from '../../src/core/text/values.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs ledger prove`: proves that a signed checkpoint covers an entry or an older checkpoint (I4). */
export const ledgerProve = command({
  name: 'ledger prove',
  class: 'plumbing',
  opens: 'read',
  summary: 'print a proof that a signed ledger contains an entry',
  synopsis: ['hs ledger prove SEQ --checkpoint FILE', 'hs ledger prove --from OLDER --checkpoint FILE'],
  description: `Prints a self-contained document: the exact bytes of the entry, the signed checkpoint, and the hashes that lead from one to the other, about twenty for a million entries. With --from, proves that the ledger of an older checkpoint is the beginning of the ledger of a newer one, so nothing was changed, dropped or reordered in between. hs-proof-verify(1) checks a proof without a store.`,
  positionals: { seq: maybe('SEQ', { parse: (raw) => parseInteger(raw) }) },
  options: {
    checkpoint: text('FILE', 'the signed checkpoint to prove against (- for standard input)', {
      complete: 'file',
    }),
    from: text('FILE', 'prove that the checkpoint continues this older one', { complete: 'file' }),
  },
  resultSchema: 'hs.ledger-prove/1',
  examples: [
    {
      command: 'hs ledger prove 0 --checkpoint checkpoint > proof.json',
      explains: 'Prove that entry 0 is in the ledger.',
    },
  ],
  exits: { 4: 'the entry is newer than the checkpoint', 5: 'the ledger does not match the checkpoint' },
  seeAlso: ['hs-ledger-sign(1)', 'hs-proof-verify(1)'],
  async run(context) {
    const { args, options, session } = context;
    if (options.checkpoint === undefined) {
      throw new HsError('USAGE', 'a proof needs a signed checkpoint: --checkpoint FILE', {
        hint: 'hs ledger sign prints one',
      });
    }
    if ((args.seq === undefined) === (options.from === undefined)) {
      throw new HsError('USAGE', 'give either SEQ or --from');
    }
    const { proveConsistency, proveInclusion } = await import('../../src/ops/evidence/prove.js');
    const note = (await readEvidence(context, options.checkpoint)).toString('utf8');
    if (args.seq !== undefined) return { proof: await proveInclusion(await session(), args.seq, note) };
    const older = (await readEvidence(context, options.from!)).toString('utf8');
    return { proof: await proveConsistency(await session(), older, note) };
  },
  render: ({ proof }) => canonicalText(proof),
});
