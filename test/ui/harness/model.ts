import { setTimeout as wait } from 'node:timers/promises';
import type { ArtifactId } from '../../../src/core/objects/ids.js';
import type { PlanItem, PrunePlan } from '../../../src/core/retention/prune-plan.js';
import { HsError } from '../../../src/errors/hs-error.js';
import type {
  ApplyOutcome,
  ApplyProgress,
  ApplyRequest,
  Detail,
  PreviewModel,
} from '../../../src/ui/preview-data.js';
import { at, hash, NOW, planOf, sampleId, smallPlan } from './sample.js';

/** A store that is a list: pins, plans and removals without a disk. */
export class SampleModel implements PreviewModel {
  readonly trash = { days: 7, until: at(-7) };
  readonly defaultPin = 'keep';
  readonly calls: string[] = [];
  readonly removed: ArtifactId[] = [];
  readonly #before: ReadonlyMap<ArtifactId, PlanItem>;
  readonly #pause: number;
  #items: PlanItem[];
  readonly #quota: number | undefined;

  readonly #planning: number;

  constructor(plan: PrunePlan = smallPlan(), pause = 0, planning = 0) {
    this.#planning = planning;
    this.#items = [...plan.items];
    this.#before = new Map(plan.items.map((i) => [i.artifact_id, i]));
    this.#quota = plan.header.quota_bytes;
    this.#pause = pause;
  }

  async plan(onProgress: (progress: ApplyProgress) => void = () => {}): Promise<PrunePlan> {
    for (let done = 0; done < this.#planning; done += 100) {
      onProgress({ phase: 'planning', done, total: this.#planning, unit: 'artifacts' });
      await wait(100);
    }
    return planOf(this.#items, this.#quota);
  }

  async detail(id: ArtifactId): Promise<Detail> {
    const item = this.#before.get(id)!;
    if (item.rule === 'damaged') {
      return {
        id,
        problem: `manifest ${hash(9).slice(0, 8)} does not match its hash`,
        pins: [],
        sources: [],
        madeFrom: [],
      };
    }
    const { pins = [] } = this.#items.find((i) => i.artifact_id === id)!;
    return {
      id,
      manifest: {
        schema: 'hs.manifest/1',
        artifact_id: id,
        revision: 1,
        layer: item.layer,
        kind: item.kind,
        payload_type: item.payload_type,
        mime: 'application/octet-stream',
        created_at: item.created_at,
        content_hash: item.content_hash,
        hash_basis: 'payload_bytes',
        size_bytes: item.size_bytes,
        classification: item.classification,
        exportable: true,
        retention_class: item.retention_class,
        determinism_level: 'best_effort',
        ...(item.name === undefined ? {} : { name: item.name }),
        provenance: { program: 'make', exit_status: 0, engine_id: 'hs-run', engine_version: '0.1.0' },
        labels: { branch: 'main' },
      },
      pins: pins.map((name) => ({ name, reason: 'shipped', actor: 'human:ada', at: at(2) as never })),
      actor: 'human:ada',
      job: 'nightly-7',
      sources: [
        { id: sampleId(7), name: 'training-data', state: 'live' },
        { id: sampleId(900), state: 'unknown' },
      ],
      madeFrom: [{ id: sampleId(6), name: 'model.onnx', state: 'live' }],
    };
  }

  async pin(ids: readonly ArtifactId[], name: string, reason?: string): Promise<PrunePlan> {
    this.calls.push(`pin ${ids.length} ${name}${reason === undefined ? '' : `: ${reason}`}`);
    await wait(this.#pause);
    if (name === 'refuse') {
      throw new HsError('REFUSED', "'human:eve' lacks the capability 'pin.set'", { hint: 'hs policy show' });
    }
    this.#change(ids, ({ until: _, ...item }) => ({
      ...item,
      verdict: 'keep',
      rule: 'pinned',
      freed_bytes: 0,
      pins: [...(item.pins ?? []), name],
    }));
    return this.plan();
  }

  async unpin(ids: readonly ArtifactId[], name: string): Promise<PrunePlan> {
    this.calls.push(`unpin ${ids.length} ${name}`);
    await wait(this.#pause);
    this.#change(ids, ({ pins: held = [], ...item }) => {
      const pins = held.filter((p) => p !== name);
      if (pins.length > 0) return { ...item, pins };
      return { ...item, verdict: 'prune', rule: 'window_expired', freed_bytes: item.size_bytes };
    });
    return this.plan();
  }

  #change(ids: readonly ArtifactId[], change: (item: PlanItem) => PlanItem): void {
    const chosen = new Set(ids);
    this.#items = this.#items.map((item) => (chosen.has(item.artifact_id) ? change(item) : item));
  }

  async apply(
    { plan, spared }: ApplyRequest,
    onProgress: (progress: ApplyProgress) => void,
    signal: AbortSignal,
  ): Promise<ApplyOutcome> {
    const going = plan.items.filter((i) => i.verdict === 'prune' && !spared.has(i.artifact_id));
    for (let done = 0; done < going.length; done++) {
      onProgress({ phase: 'sweeping', done, total: going.length, unit: 'objects' });
      if (this.#pause > 0 || done % 1000 === 0) await wait(this.#pause);
      signal.throwIfAborted();
      this.removed.push(going[done]!.artifact_id);
    }
    return {
      reportId: sampleId(4096),
      runId: sampleId(4096),
      removed: going.length,
      irreversible: going.filter((i) => i.irreversible).length,
      freed: { freed_bytes: going.reduce((sum, i) => sum + i.freed_bytes, 0) },
      trashUntil: this.trash.until,
      emptied: 0,
      purgedBytes: 0,
      spared: 0,
      purgePending: 0,
      restorableUntil: new Date(NOW + 7 * 86_400_000).toISOString() as never,
      warnings: [],
    };
  }
}
