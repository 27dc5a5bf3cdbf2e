import { timestampMs } from '../objects/ids.js';
import { Judgements } from './judgements.js';
import type { PlanInput } from './plan-input.js';
import { RemovalAccount } from './removal-account.js';
import { ENDLESS, judgeHolds } from './rule.js';

/**
 * The judgements for `hs rm` (D9), which concern only the rows that were named. Pins and L1 win (D1): the command refuses
 * what they keep. Bytes are counted against all live artifacts.
 */
export function judgeRequested(input: PlanInput, asked: ReadonlySet<number>): Judgements {
  const clock = timestampMs(input.clock);
  const { artifacts } = input;
  const all = new Judgements(
    input,
    artifacts.ids.inOrder().filter((row) => asked.has(row)),
  );
  for (const row of all.rows) {
    const held = judgeHolds(artifacts.factsOf(row), clock);
    all.set(row, held ?? { verdict: 'prune', rule: 'requested', end: ENDLESS });
  }
  const account = new RemovalAccount(input);
  all.freeAll(all.pruned, account);
  all.markIrreversible(account);
  return all;
}
