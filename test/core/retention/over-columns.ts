import type { ArtifactRecord } from '../../../src/core/catalog/artifact-record.js';
import { RecordLines } from '../../../src/core/catalog/record-lines.js';
import { rowText } from '../../../src/core/catalog/record-row.js';
import type { ArtifactId } from '../../../src/core/objects/ids.js';
import * as apply from '../../../src/core/retention/apply-plan.js';
import { ArtifactColumns } from '../../../src/core/retention/artifact-columns.js';
import { removedSources } from '../../../src/core/retention/held-rows.js';
import type { Judgements } from '../../../src/core/retention/judgements.js';
import { narrow } from '../../../src/core/retention/narrow.js';
import { planHeader } from '../../../src/core/retention/plan-header.js';
import { judgeAll } from '../../../src/core/retention/planner.js';
import type { PlanItem, PrunePlan } from '../../../src/core/retention/prune-plan.js';
import { judgeRequested } from '../../../src/core/retention/requested-plan.js';
import type { RecordInput } from './store.js';

/** The input as the planner takes it. */
export function toInput({ artifacts, removed, objectsOf, ...rest }: RecordInput) {
  const columns = new ArtifactColumns();
  const line = new RecordLines();
  for (const a of artifacts) {
    const bytes = Buffer.from(`a/x\t${rowText(a, a)}\n`, 'utf8');
    const objects = objectsOf(a);
    // As the store reads them, where an artifact names nothing but a manifest and a file.
    const isPlain = !objects.damaged && objects.objects.length === 2;
    if (isPlain && line.read(bytes, 0, bytes.length - 1)) columns.addLine(line);
    else columns.add(a, objects);
  }
  const gone = new Map(removed.map((r) => [r.artifact_id, r.sources]));
  for (const id of removedSources(columns)) columns.addRemoved(id, gone.get(id) ?? []);
  return { ...rest, artifacts: columns };
}

/** A plan with every item. */
export function longPlan(all: Judgements, { artifacts }: RecordInput): PrunePlan {
  const records = new Map(artifacts.map((a) => [a.artifact_id, a]));
  const items = Array.from(all.rows, (row): PlanItem => {
    return all.itemOf(row, records.get(all.input.artifacts.ids.at(row))!);
  });
  return { header: planHeader(all), items };
}

export const planPrune = (input: RecordInput) => longPlan(judgeAll(toInput(input)), input);

const rowsOf = (all: Judgements['input'], ids: ReadonlySet<ArtifactId>) =>
  new Set([...ids].map((id) => all.artifacts.ids.numberOf(id)));

export function requestedPlan(input: RecordInput, ids: ReadonlySet<ArtifactId>): PrunePlan {
  const columns = toInput(input);
  return longPlan(judgeRequested(columns, rowsOf(columns, ids)), input);
}

/** The plan over the store with nothing pruned but these. */
export function restrictPlan(input: RecordInput, ids: ReadonlySet<ArtifactId>): PrunePlan {
  const all = judgeAll(toInput(input));
  return longPlan(apply.restrict(all, rowsOf(all.input, ids)), input);
}

/** The plan with what matches alone; `filters` is for its header. */
export function narrowPlan(
  input: RecordInput,
  filters: readonly string[],
  matches: (a: ArtifactRecord) => boolean,
): PrunePlan {
  const all = judgeAll({ ...toInput(input), filters });
  const going = rowsOf(all.input, new Set(input.artifacts.filter(matches).map((a) => a.artifact_id)));
  return longPlan(
    narrow(all, (row) => going.has(row)),
    input,
  );
}

/** What of a saved plan holds for the store. */
export function intersect(saved: PrunePlan, input: RecordInput) {
  const all = judgeAll(toInput(input));
  const { remove, sparedSince, gone } = apply.intersect(saved, all);
  const idOf = (row: number) => all.input.artifacts.ids.at(row);
  return {
    remove: new Set([...remove].map(idOf)),
    sparedSince: sparedSince.map((row) => ({ artifact_id: idOf(row), rule: all.ruleOf(row) })),
    gone,
  };
}
