import { activePins } from '../catalog/active-pins.js';
import type { ArtifactRecord } from '../catalog/artifact-record.js';
import type { Catalog } from '../catalog/catalog.js';
import { isSensitive } from '../manifest/sensitivity.js';
import { type ArtifactId, type Timestamp, timestampMs } from '../objects/ids.js';
import type { Policy } from '../policy/policy.js';
import { toPlanItem } from './plan-items.js';
import type { PlanItem, Rule } from './prune-plan.js';
import { FREES_NOTHING } from './removal-account.js';
import { ENDLESS, type Judgement, judge, pinsEnd, retentionFacts, type Verdict } from './rule.js';

/** `heldSources` for one artifact: the latest end of a pin on anything made from it, directly or indirectly. */
async function heldUntil(catalog: Catalog, id: ArtifactId, clock: Timestamp): Promise<number | undefined> {
  let end: number | undefined;
  const seen = new Set<ArtifactId>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for await (const made of catalog.derivedFrom(next)) {
      if (seen.has(made.artifact_id)) continue;
      seen.add(made.artifact_id);
      open.push(made.artifact_id);
      const pins = made.removed === undefined ? activePins(made, clock) : [];
      if (pins.length > 0) end = Math.max(end ?? 0, pinsEnd(pins));
      if (end === ENDLESS) return end;
    }
  }
  return end;
}

/** The verdict of the rules that come before the one about sources. */
const BEFORE_HOLD: readonly Rule[] = ['pinned', 'frozen', 'future_dated', 'sensitive_ttl'];

async function judged(
  catalog: Catalog,
  record: ArtifactRecord,
  by: Judgement,
  clock: Timestamp,
): Promise<Verdict> {
  const verdict = judge(retentionFacts(record), by);
  if (!by.retention.hold_sources || BEFORE_HOLD.includes(verdict.rule)) return verdict;
  const held = await heldUntil(catalog, record.artifact_id, clock);
  return held === undefined ? verdict : judge(retentionFacts(record), by, held);
}

/** Whether it is among the newest kept versions of its series. Versions that an earlier rule prunes do not count. */
async function isInFloor(
  catalog: Catalog,
  record: ArtifactRecord,
  by: Judgement,
  clock: Timestamp,
): Promise<boolean> {
  const { floor } = by.retention.classes[record.retention_class];
  let counted = 0;
  if (floor === 0) return false;
  for await (const version of catalog.series(record)) {
    if (version.artifact_id === record.artifact_id) return true;
    const { verdict, rule } = await judged(catalog, version, by, clock);
    if ((verdict === 'keep' || rule === 'window_expired') && ++counted === floor) return false;
  }
  return false;
}

/**
 * `judgeAll` for one live artifact, in a store without damage or a quota, both of which concern all artifacts. It
 * looks up only what was made from the artifact and its series.
 */
export async function judgeOne(
  catalog: Catalog,
  record: ArtifactRecord,
  policy: Policy,
  clock: Timestamp,
): Promise<PlanItem> {
  const { retention } = policy;
  const by: Judgement = { retention, clock: timestampMs(clock) };
  let verdict = await judged(catalog, record, by, clock);
  if (verdict.rule === 'window_expired' && (await isInFloor(catalog, record, by, clock))) {
    verdict = { verdict: 'keep', rule: 'min_versions', end: ENDLESS };
  }
  const item = toPlanItem(record, verdict, FREES_NOTHING, clock);
  const isLost = item.verdict === 'prune' && (retention.trash_days === 0 || isSensitive(record));
  return isLost ? { ...item, irreversible: true } : item;
}
