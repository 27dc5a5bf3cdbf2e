import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { ArtifactId, ObjectId, Timestamp } from '../../core/objects/ids.js';
import type { Policy } from '../../core/policy/policy.js';
import { toCondition } from '../../core/query/condition.js';
import { needsManifest, testOf } from '../../core/query/matcher.js';
import type { Judgements } from '../../core/retention/judgements.js';
import { narrow } from '../../core/retention/narrow.js';
import { planHeader } from '../../core/retention/plan-header.js';
import type { PlanInput } from '../../core/retention/plan-input.js';
import { judgeAll } from '../../core/retention/planner.js';
import type { PlanHeader, PlanItem, PrunePlan } from '../../core/retention/prune-plan.js';
import { judgeRequested } from '../../core/retention/requested-plan.js';
import type { Unreferenced } from '../../store/collector/reclaimable.js';
import type { RetentionPort, RetentionState } from './retention-port.js';

export interface PlanRequest {
  /** The clock for retention, read after the state, so that nothing in the state is dated later. */
  now(): Timestamp;
  /** Quota in bytes, overriding the policy's. */
  readonly quotaBytes?: number | undefined;
  /** A policy to plan with instead of the current one. Such a plan cannot be applied. */
  readonly policy?: { readonly id: ObjectId; readonly policy: Policy } | undefined;
  /** Nothing that does not match all of them, which are fixed, is removed. */
  readonly filters?: readonly string[] | undefined;
  /** Only these artifacts, whatever retention says (`hs rm`). */
  readonly ids?: ReadonlySet<ArtifactId> | undefined;
  /** Removes without a trash window (`hs rm --purge`). */
  readonly purge?: boolean;
}

/** Kept items are asked for so many at a time. */
const BATCH = 50_000;
/** To hold more takes some KiB each, and seconds; to look each of the largest up takes 0.2 s at the most. */
const MOST_KEPT_SHOWN = 100_000;
const LARGEST_SHOWN = 1000;

/** What is decided about a state, and the records of what goes. */
export class Planned {
  readonly state: RetentionState;
  readonly judged: Judgements;
  /** What retention alone decides about the state, without a filter or a list. */
  readonly whole: Planned;
  readonly #storage: RetentionPort;
  readonly #known: Map<number, ArtifactRecord>;
  #header: PlanHeader | undefined;

  constructor(
    storage: RetentionPort,
    state: RetentionState,
    judged: Judgements,
    known: Map<number, ArtifactRecord>,
    whole?: Planned,
  ) {
    this.#storage = storage;
    this.state = state;
    this.judged = judged;
    this.#known = known;
    this.whole = whole ?? this;
  }

  /** The same state, judged otherwise. */
  with(judged: Judgements): Planned {
    return new Planned(this.#storage, this.state, judged, this.#known, this.whole);
  }

  /** Only what matches the filters, if there are any; of `judgeAll`. */
  async narrowed(filters: readonly string[] = []): Promise<Planned> {
    if (filters.length === 0) return this;
    const { clock } = this.judged.input;
    const conditions = filters.map((filter) => toCondition(filter, clock));
    const tests = conditions.map((c) => testOf(c, clock));
    const complete = conditions.some(needsManifest) ? this.#storage.complete : undefined;
    const matching = new Set<number>();
    for (const row of this.judged.pruned) {
      const known = this.#known.get(row)!;
      const record = complete === undefined ? known : await complete(known);
      if (tests.every((test) => test(record))) matching.add(row);
    }
    return this.with(narrow(this.judged, (row) => matching.has(row)));
  }

  /** The items of these rows, in their order. */
  async items(rows: ArrayLike<number>): Promise<PlanItem[]> {
    const all = Array.from(rows);
    const records = new Map<number, ArtifactRecord>();
    const unknown = all.filter((row) => !this.#known.has(row));
    if (unknown.length > 0) {
      for await (const [row, record] of this.#storage.records(this.state, unknown)) records.set(row, record);
    }
    return all.map((row) => this.judged.itemOf(row, this.#known.get(row) ?? records.get(row)!));
  }

  get header(): PlanHeader {
    this.#header ??= planHeader(this.judged);
    return this.#header;
  }

  /** What a mark of the state does not reach, where the storage knows. */
  get unreferenced(): Unreferenced | undefined {
    return this.state.unreferenced;
  }

  /** Every item that the judgements are about, in order of id, some at a time. */
  async *batches(): AsyncGenerator<readonly PlanItem[], void> {
    const { rows } = this.judged;
    for (let at = 0; at < rows.length; at += BATCH) yield await this.items(rows.subarray(at, at + BATCH));
  }

  /** The plan as long as what it removes; `whole`: with what is kept. */
  async plan(whole = false): Promise<PrunePlan> {
    const { header, judged } = this;
    return { header, items: await this.items(whole ? judged.rows : judged.pruned) };
  }

  /** The plan with what is kept or, where that is much, the largest of it, and `besides` what was asked for. */
  async planToShow(besides: ReadonlySet<ArtifactId>): Promise<PrunePlan> {
    const { header, judged } = this;
    if (header.scanned - header.pruned <= MOST_KEPT_SHOWN)
      return { header, items: await this.items(judged.rows) };
    const { ids } = judged.input.artifacts;
    const rows = new Set(Array.from(besides, (id) => ids.numberOf(id)));
    return { header, items: await this.items(judged.withLargestKept(LARGEST_SHOWN, rows)) };
  }
}

/**
 * Judges the current state of the storage. Artifacts to be removed are examined first, and all is judged again if some
 * are damaged: retention keeps those, so that a floor or a quota may choose differently (D8), and what was asked for by
 * id cannot be restored.
 */
export async function makePlan(storage: RetentionPort, request: PlanRequest): Promise<Planned> {
  const state = await storage.state();
  const { artifacts } = state;
  const filters = request.filters?.length === 0 ? undefined : request.filters;
  const input: PlanInput = {
    storeId: storage.storeId,
    head: state.head,
    policyId: request.policy?.id ?? state.policyId,
    policy: request.policy?.policy ?? state.policy,
    clock: request.now(),
    artifacts,
    ...compact({ quotaBytes: request.quotaBytes, filters, purge: request.purge }),
  };
  const known = new Map<number, ArtifactRecord>();
  const asked = request.ids && new Set([...request.ids].map((id) => artifacts.ids.numberOf(id)));
  for (;;) {
    const judged = asked === undefined ? judgeAll(input) : judgeRequested(input, asked);
    const unseen = judged.pruned.filter((row) => !known.has(row));
    let damaged = 0;
    for await (const [row, record] of storage.records(state, unseen)) {
      known.set(row, record);
      if (artifacts.damaged[row] === 1 || (await storage.isSound(record))) continue;
      artifacts.damaged[row] = 1;
      damaged++;
    }
    if (damaged === 0) return new Planned(storage, state, judged, known).narrowed(filters);
  }
}
