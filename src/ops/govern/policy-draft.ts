import type { Disk } from '../../fsx/disk.js';
import { type Draft, makeDraft } from '../../fsx/draft.js';
import type { Session } from '../session/session.js';
import { currentPolicy, type NamedPolicy } from './set-policy.js';

/**
 * The current policy, and a draft of it to edit, in a directory that is made. An actor who could not set it is refused
 * now, and the refusal recorded.
 */
export async function policyDraft(
  session: Session,
  disk: Disk,
  directory: string,
): Promise<{ readonly current: NamedPolicy; readonly draft: Draft }> {
  await session.write('policy.set', [], async () => undefined);
  const current = await currentPolicy(session);
  const text = Buffer.from(`${JSON.stringify(current.policy, undefined, 2)}\n`);
  return { current, draft: await makeDraft(disk, directory, 'policy.json', text) };
}
