import { RETENTION_CLASSES, type RetentionClass } from '../manifest/vocabulary.js';
import { timestampMs } from '../objects/ids.js';
import { heldRows } from './held-rows.js';
import { Judgements, numberOf } from './judgements.js';
import type { PlanInput } from './plan-input.js';
import { RemovalAccount } from './removal-account.js';
import { ENDLESS, type Judgement, judge } from './rule.js';

/** The order in which a quota prunes classes (D2.8). */
const CLASS_ORDER: Readonly<Record<RetentionClass, number>> = {
  cache: 0,
  result: 1,
  log: 2,
  evidence: 3,
  checkpoint: 4,
};
const ORDER_OF_CLASS = RETENTION_CLASSES.map((name) => CLASS_ORDER[name]);

const WINDOW_EXPIRED = numberOf('window_expired');
const DAMAGED = numberOf('damaged');

/**
 * Judges every live artifact by the first rule that applies (D2, D3). Pure; the order of the artifacts does not matter.
 */
export function judgeAll(input: PlanInput): Judgements {
  const { artifacts, policy } = input;
  const { retention } = policy;
  const by: Judgement = { retention, clock: timestampMs(input.clock) };
  const held = retention.hold_sources ? heldRows(artifacts, by.clock) : new Map<number, number>();
  const all = new Judgements(input, artifacts.ids.inOrder(), input.quotaBytes ?? retention.quota_bytes);
  const { damaged } = artifacts;
  for (let row = 0; row < artifacts.size; row++) {
    if (damaged[row] === 1) all.set(row, { verdict: 'keep', rule: 'damaged', end: ENDLESS });
    else all.set(row, judge(artifacts.factsOf(row), by, held.get(row)));
  }
  const floor = keepFloors(all);
  const account = new RemovalAccount(input);
  all.freeAll(all.pruned, account);
  if (all.quota !== undefined) meetQuota(all, floor, account, all.quota);
  all.markIrreversible(account);
  return all;
}

/**
 * Rule 7: an artifact past its window stays while it is among the newest `floor` of its series by ledger position;
 * those are marked 1. Versions that an earlier rule prunes or that cannot be read do not count.
 */
function keepFloors(all: Judgements): Uint8Array {
  const { artifacts, policy } = all.input;
  const floors = RETENTION_CLASSES.map((name) => policy.retention.classes[name].floor);
  const { series, classes } = artifacts;
  const counts = new Uint32Array(artifacts.seriesCount);
  const inFloor = new Uint8Array(artifacts.size);
  for (const row of artifacts.newestFirst()) {
    const isExpired = all.rules[row] === WINDOW_EXPIRED;
    if (all.rules[row] === DAMAGED || (all.prunes(row) && !isExpired)) continue;
    if (counts[series[row]!]! >= floors[classes[row]!]!) continue;
    counts[series[row]!]!++;
    inFloor[row] = 1;
    if (isExpired) all.set(row, { verdict: 'keep', rule: 'min_versions', end: ENDLESS });
  }
  return inFloor;
}

/**
 * Rule 8: first everything above the floors, then the rest; in both, class by class in `CLASS_ORDER`, and within a class
 * the oldest first by ledger position, then by id. An object that other artifacts still use frees nothing, so it is
 * the account that says when enough is freed.
 */
function meetQuota(all: Judgements, floor: Uint8Array, account: RemovalAccount, quota: number): void {
  if (account.stored <= quota) return;
  const { classes, seq, index } = all.input.artifacts;
  const order = (row: number) => floor[row]! * ORDER_OF_CLASS.length + ORDER_OF_CLASS[classes[row]!]!;
  // In order of id; the sort is stable.
  const kept = all.rows.filter((row) => {
    const rule = all.ruleOf(row);
    return rule === 'within_window' || rule === 'min_versions';
  });
  kept.sort((a, b) => order(a) - order(b) || seq[a]! - seq[b]! || index[a]! - index[b]!);
  for (const row of kept) {
    if (account.stored <= quota) return;
    all.set(row, { verdict: 'prune', rule: 'quota', end: ENDLESS });
    account.announce(row);
    all.free(row, account.release(row));
  }
}
