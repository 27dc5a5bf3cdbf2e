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

If what was saved cannot be set, the draft is kept and the message names it: correct it, and give it to \`hs policy set\`. If the editor fails, nothing is set.`,
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
    const { readPolicyFile } = await import('../../src/cli/read-policy.js');
    const { policyDraft } = await import('../../src/ops/govern/policy-draft.js');
    const s = await session();
    const real = await disk();
    const directory = `${environment.get('TMPDIR') || '/tmp'}/hs-policy-${random.hex(8)}`;
    const { current, draft } = await policyDraft(s, real, directory);
    try {
      await edit(context, draft.path);
    } catch (e) {
      await draft.remove();
      throw e;
    }
    try {
      const proposed = await ops.recordingRefusal(s, () => readPolicyFile(context, draft.path));
      const { locksOut, ...rest } = await ops.checkPolicy(s, proposed);
      const done = await ops.setPolicy(s, proposed, current.id);
      await draft.remove();
      return { ...done, check: { ...rest, locks_out_author: locksOut } };
    } catch (e) {
      if (!(e instanceof HsError)) throw e;
      // To set the whole draft would take back what the other one has set.
      const next =
        e.code === 'CONFLICT'
          ? `the draft is kept in ${draft.path}: make its changes again in hs policy edit`
          : `the draft is kept: hs policy set ${draft.path}`;
      const also = e.code === 'CONFLICT' || e.hint === undefined ? '' : `${e.hint}; `;
      throw prefixed(e, '', also + next);
    }
  },
  render: renderPolicySet,
});

/**
 * Keys that the editor does not take, such as Ctrl-C, are not for hs either, as in git. What else would end hs ends it
 * once the editor is closed.
 */
async function edit({ environment, host, takeSignals, terminal }: Context, path: string): Promise<void> {
  const asked = ['HS_EDITOR', 'VISUAL', 'EDITOR'].map((name) => environment.get(name)).find(Boolean);
  if (asked === undefined && !(terminal.stdin && terminal.stdout && !terminal.dumb)) {
    throw new HsError('USAGE', 'there is no terminal to edit on, and no editor is set', {
      hint: 'set HS_EDITOR, or use hs policy set KEY=VALUE',
    });
  }
  const editor = asked ?? 'vi';
  let ending: NodeJS.Signals | undefined;
  const release = takeSignals((signal) => {
    if (signal !== 'SIGINT' && signal !== 'SIGQUIT') ending = signal;
  });
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
  if (ending !== undefined)
    throw new HsError('TERMINATED', `${ending} while the editor was open: nothing was set`);
}
