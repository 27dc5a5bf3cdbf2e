import { command } from '../../src/cli/command.js';
import { text } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';

/** `hs promote`: one layer up, past the gates of A10. */
export const promoteCommand = command({
  name: 'promote',
  class: 'porcelain',
  opens: 'write',
  summary: 'move an artifact one layer up, from ordinary to approved to frozen',
  description: `L3 becomes L2, and L2 becomes L1, one step at a time and never back. To be approved, the name must follow the path rules, the payload must hash to its content hash, every source must be there with the hash that is stated and without cycles, and the media type must agree with the content. All that fails is reported together.

To be frozen it needs the same, no TTL, and an attestation: who, why, and for which content hash. What is frozen is never collected, and changes only to be classified higher.`,
  positionals: { artifact: one('ID', { complete: 'artifact' }) },
  options: { attest: text('REASON', 'vouch for this content, to freeze it') },
  resultSchema: 'hs.promote/1',
  examples: [
    { command: 'hs promote report', explains: 'Approve it.' },
    {
      command: 'hs promote report --attest "checked against the source"',
      explains: 'Freeze what was approved.',
    },
  ],
  exits: { 6: 'a gate is not passed; each is named' },
  seeAlso: ['hs-reclassify(1)', 'hs-retain(1)', 'hs-show(1)'],
  async run({ args, options, session }) {
    const { promote } = await import('../../src/ops/govern/promote.js');
    const done = await promote(await session(), args.artifact, options.attest);
    return {
      artifact_id: done.artifactId,
      revision: done.revision,
      from: done.from,
      to: done.to,
      content_hash: done.contentHash,
    };
  },
  render: ({ artifact_id, from, to }, view) =>
    view.quiet ? undefined : `${artifact_id.slice(0, 8)} moved from ${from} to ${to}`,
});
