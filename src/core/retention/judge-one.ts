import type { ArtifactRecord } from '../catalog/artifact-record.js';
import type { Catalog } from '../catalog/catalog.js';
import { activePins } from '../catalog/check-operations.js';
import type { ArtifactId, Timestamp } from '../objects/ids.js';
import type { Policy } from '../policy/policy.js';
import { toPlanItem } from './plan-items.js';
import type { PlanItem } from './prune-plan.js';
import { FREES_NOTHING, RemovalAccount } from './removal-account.js';
import { ENDLESS, judge, pinsEnd, type Verdict } from './rule.js';

/** As `heldSources` has it, of one: the latest end of a pin on what was made from it, directly or further on. */
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

/** Whether it is among the newest versions of its series that are kept: those that no earlier rule prunes count. */
async function isInFloor(
  catalog: Catalog,
  record: ArtifactRecord,
  floor: number,
  judged: (version: ArtifactRecord) => Promise<Verdict>,
): Promise<boolean> {
  let counted = 0;
  if (floor === 0) return false;
  for await (const version of catalog.series(record)) {
    if (version.artifact_id === record.artifact_id) return true;
    const { verdict, rule } = await judged(version);
    if ((verdict === 'keep' || rule === 'window_expired') && ++counted === floor) return false;
  }
  return false;
}

/**
 * What `planPrune` says of one live artifact, where nothing is damaged and no quota is set, which are about all of
 * them: asked of the catalog by what was made from it and by its series, and so at the cost of these.
 */
export async function judgeOne(
  catalog: Catalog,
  record: ArtifactRecord,
  policy: Policy,
  clock: Timestamp,
): Promise<PlanItem> {
  const { retention } = policy;
  const judged = async (r: ArtifactRecord): Promise<Verdict> => {
    const held = retention.hold_sources ? await heldUntil(catalog, r.artifact_id, clock) : undefined;
    return judge(r, { retention, clock, heldUntil: () => held });
  };
  let verdict = await judged(record);
  const { floor } = retention.classes[record.retention_class];
  if (verdict.rule === 'window_expired' && (await isInFloor(catalog, record, floor, judged))) {
    verdict = { verdict: 'keep', rule: 'min_versions' };
  }
  const item = toPlanItem(record, verdict, FREES_NOTHING, clock);
  const isLost = item.verdict === 'prune' && new RemovalAccount({ policy }).isIrreversible(record, []);
  return isLost ? { ...item, irreversible: true } : item;
}
