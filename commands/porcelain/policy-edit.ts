import { command } from '../../src/cli/command.js';
import type { Context } from '../../src/cli/command-context.js';
import { renderPolicySet } from '../../src/cli/text/policy-text.js';
import { HsError, prefixed } from '../../src/errors/hs-error.js';

/** `hs policy edit`: changes the policy in an editor. */
export const policyEdit = command({
  name: 'policy edit',
  class: 'porcelain',
  opens: 'write',
  summary: 'change the policy in an editor',
  description: `Opens the policy in force in an editor, and sets what was saved, unless it is the same. What it changes is shown, as by hs-policy-set(1).

What cannot be set stays in a draft, which the message names: correct it, and give it to \`hs policy set\`. If the editor fails, nothing is set.`,
  resultSchema: 'hs.policy-edit/1',
  examples: [{ command: 'hs policy edit', explains: 'Change the policy.' }],
  exits: {
    5: 'what was saved is not a policy',
    6: 'the actor lacks the capability, a capability is unknown (HSK-4001), or the author would be locked out',
    8: 'another policy was set meanwhile',
    10: 'the editor failed',
  },
  environment: {
    'HS_EDITOR, VISUAL, EDITOR': 'the editor: the first of them that is set, else vi',
    TMPDIR: 'where the draft is (default: /tmp)',
  },
  seeAlso: ['hs-policy-set(1)', 'hs-policy-show(1)', 'hs-policy-diff(1)'],
  async run(context) {
    const { session, disk, random, environment } = context;
    const ops = await import('../../src/ops/govern/set-policy.js');
    const s = await session();
    const current = await ops.currentPolicy(s);
    const real = await disk();
    const directory = `${environment.get('TMPDIR') || '/tmp'}/hs-policy-${random.hex(8)}`;
    const draft = `${directory}/policy.json`;
    const text = Buffer.from(`${JSON.stringify(current.policy, undefined, 2)}\n`);
    await real.mkdir(directory, 0o700);
    try {
      await real.writeFile(draft, text, { mode: 0o600, sync: false });
      await edit(context, draft);
    } catch (e) {
      await real.removeTree(directory);
      throw e;
    }
    try {
      const proposed = await ops.recordingRefusal(s, () => ops.readPolicyFile(real, draft));
      const { locksOut, ...rest } = await ops.checkPolicy(s, proposed);
      const done = await ops.setPolicy(s, proposed, current.id);
      await real.removeTree(directory);
      return { ...done, check: { ...rest, locks_out_author: locksOut } };
    } catch (e) {
      const kept = `the draft is kept: hs policy set ${draft}`;
      throw e instanceof HsError ? prefixed(e, '', e.hint === undefined ? kept : `${e.hint}; ${kept}`) : e;
    }
  },
  render: renderPolicySet,
});

/** Keys that the editor does not take, such as Ctrl-C, are not for hs either, as in git. */
async function edit({ environment, host, takeSignals }: Context, path: string): Promise<void> {
  const editor = ['HS_EDITOR', 'VISUAL', 'EDITOR'].map((name) => environment.get(name)).find(Boolean) ?? 'vi';
  const release = takeSignals(() => {});
  try {
    await host.editFile(editor, path);
  } catch (e) {
    throw new HsError('SYSTEM', `the editor '${editor}' failed: ${(e as Error).message}`, {
      hint: 'nothing was set; choose an editor with HS_EDITOR',
      cause: e,
    });
  } finally {
    release();
  }
}
