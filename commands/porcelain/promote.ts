import { command } from '../../src/cli/command.js';
import { text } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';

/** `hs promote`: moves an artifact up one layer if its checks pass (A10). */
export const promoteCommand = command({
  name: 'promote',
  class: 'porcelain',
  opens: 'write',
  summary: 'approve or freeze an artifact',
  description: `Moves an artifact up one layer: L3 becomes L2 (approved), and L2 becomes L1 (frozen). No command moves it back. To approve it, its name must follow the path rules, its payload must match its content hash, every source must exist with the stated hash and without cycles, and the media type must agree with the content. All failed checks are reported together. The payload is also searched for secrets, as hs-scan(1) does: a finding is a warning, or a failed check if the policy says so (secrets.on_detect).

To freeze it, the same checks must pass, it must have no TTL, and you must attest to it: the ledger records who, why, and for which content hash. A frozen artifact is never collected, and can only be classified higher.`,
  positionals: { artifact: one('ID', { complete: 'artifact' }) },
  options: { attest: text('REASON', 'attest to this content, to freeze it') },
  resultSchema: 'hs.promote/1',
  examples: [
    { command: 'hs promote report', explains: 'Approve a report.' },
    {
      command: 'hs promote report --attest "checked against the source"',
      explains: 'Freeze an approved report.',
    },
  ],
  exits: { 6: 'a check failed; each is named' },
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
