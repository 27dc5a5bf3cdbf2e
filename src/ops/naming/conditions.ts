import type { Catalog } from '../../core/catalog/catalog.js';
import { check } from '../../core/json/schema.js';
import type { Timestamp } from '../../core/objects/ids.js';
import { type Condition, conditionText, type Filter, toCondition } from '../../core/query/condition.js';
import { planFilters } from '../../core/retention/plan-schema.js';
import type { Session } from '../session/session.js';
import { resolveArtifact } from './resolve-artifact.js';

interface Asked {
  readonly filters?: readonly Filter[];
  readonly pinned?: boolean;
  readonly expired?: boolean;
  readonly now: Timestamp;
}

/** Checks the filters; an artifact that another was made from may be named as on the command line. */
export async function conditionsOf(catalog: Catalog, asked: Asked): Promise<Condition[]> {
  const { filters = [], pinned, expired, now } = asked;
  const conditions: Condition[] = [];
  for (const filter of [...(pinned ? ['pinned'] : []), ...(expired ? ['expired'] : []), ...filters]) {
    const [, key, operator, name] =
      /^(source)(!?=)(.+)$/s.exec(typeof filter === 'string' ? filter : '') ?? [];
    if (key === undefined) conditions.push(toCondition(filter, now));
    else {
      const { artifact_id } = await resolveArtifact(catalog, name!, { removed: true });
      conditions.push(toCondition(`${key}${operator}${artifact_id}`, now));
    }
  }
  return conditions;
}

/**
 * The filters in the form that plans and reports keep: no word of them is said of a moment, or of what a name means now.
 * USAGE as for lists.
 */
export async function fixedFilters(
  session: Session,
  filters: readonly Filter[] = [],
): Promise<readonly string[]> {
  if (filters.length === 0) return [];
  const conditions = await conditionsOf(await session.catalog(), { filters, now: session.now() });
  return check(planFilters, conditions.map(conditionText), 'USAGE', 'filters');
}
