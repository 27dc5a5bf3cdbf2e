import { command } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';
import { renderPolicySet } from '../../src/cli/text/policy-text.js';
import { parseSetting, type SettingPatch } from '../../src/core/policy/policy-patch.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs policy set`: sets the policy, or single settings of it, by a ledger entry. */
export const policySet = command({
  name: 'policy set',
  class: 'porcelain',
  opens: 'write',
  summary: 'set the policy, or settings of it',
  description: `Sets the policy in FILE, or changes settings of the policy in force: KEY is the name of a setting as hs-policy(1) lists them, without \`schema\`, VALUE is JSON or text, and an empty VALUE, or \`null\`, unsets KEY. Grants are set as a whole: by a FILE, by hs-policy-edit(1), or as the one KEY \`grants\`. All are changed at once; if another policy was set meanwhile, nothing is.

With KEY=VALUE, what they change is shown, of the verdicts on artifacts the first 20 (all with --verbose), and how many artifacts a collection would then prune; with \`--dry-run\` nothing is set, for a FILE too. A FILE whose name has that form is given as \`./KEY=VALUE\`.

The previous policy stays in the store, and the ledger names both. A policy under which its author could not set the next one is refused.`,
  synopsis: ['hs policy set [--dry-run] FILE', 'hs policy set [--dry-run] KEY=VALUE...'],
  positionals: { what: some('FILE|KEY=VALUE', { complete: 'file' }) },
  options: { dryRun: flag('n', 'show what would change; set nothing') },
  resultSchema: 'hs.policy-set/1',
  examples: [
    { command: 'hs policy set policy.json', explains: 'Set the policy.' },
    {
      command: 'hs policy set --dry-run retention.classes.log.window_days=60',
      explains: 'Show what another window would change.',
    },
    {
      command: 'hs policy set retention.trash_days=30 retention.quota_bytes=10737418240',
      explains: 'Change two settings at once.',
    },
  ],
  exits: {
    5: 'it is not a policy',
    6: 'the actor lacks the capability, a capability is unknown (HSK-4001), or the author would be locked out',
    8: 'another policy was set meanwhile',
  },
  seeAlso: ['hs-policy-show(1)', 'hs-policy-check(1)', 'hs-policy-diff(1)'],
  async run(context) {
    const { args, options, session } = context;
    const patches = settingsIn(args.what);
    const ops = await import('../../src/ops/govern/set-policy.js');
    const s = await session({ writes: !options.dryRun });
    const { readPolicyFile } = await import('../../src/cli/read-policy.js');
    const readFile = () => readPolicyFile(context, args.what[0]!);
    if (patches === undefined && !options.dryRun) return ops.setPolicyFrom(s, readFile);
    const patch = () => ops.patchedPolicy(s, patches!);
    const patched = patches && (await (options.dryRun ? patch() : ops.recordingRefusal(s, patch)));
    const proposed = patched?.proposed ?? (await readFile());
    const { locksOut, ...rest } = await ops.checkPolicy(s, proposed);
    const check = { ...rest, locks_out_author: locksOut };
    if (options.dryRun) return { from: check.from, to: check.to, changed: false, check };
    return { ...(await ops.setPolicy(s, proposed, patched!.current.id)), check };
  },
  render: renderPolicySet,
});

/** The settings given; undefined: a file. */
function settingsIn(typed: readonly string[]): readonly SettingPatch[] | undefined {
  const patches = typed.map(parseSetting);
  if (patches.every((patch) => patch !== undefined)) return patches;
  if (typed.length === 1) return undefined;
  const other = typed[patches.indexOf(undefined)]!;
  throw new HsError('USAGE', `'${other}' is not KEY=VALUE: give one FILE, or only settings`);
}
