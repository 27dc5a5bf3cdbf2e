import type { ArtifactId } from '../core/ids.js';
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../core/manifest.js';
import { planHash } from '../core/plan-file.js';
import type { ProgressSink, ProgressUnit } from '../core/ports.js';
import type { PrunePlan } from '../core/prune-plan.js';
import { isHsError } from '../errors/hs-error.js';
import { collect } from '../ops/gc/collect.js';
import { planCollection } from '../ops/gc/plan-collection.js';
import { changePins, defaultPinName } from '../ops/pins.js';
import type { Session } from '../ops/session.js';
import type { ApplyOutcome, ApplyProgress, ApplyRequest, Detail, PreviewModel, Source } from './model.js';

/** The preview over a real store: each question is the operation that a command would be. */
export class SessionModel implements PreviewModel {
  readonly trashDays: number;
  readonly defaultPin: string;
  readonly #session: Session;
  readonly #quotaBytes: number | undefined;

  private constructor(session: Session, quotaBytes: number | undefined, trashDays: number) {
    this.#session = session;
    this.#quotaBytes = quotaBytes;
    this.trashDays = trashDays;
    this.defaultPin = defaultPinName(session);
  }

  static async open(session: Session, quotaBytes: number | undefined): Promise<SessionModel> {
    const { retention } = await session.policy(await session.catalog());
    return new SessionModel(session, quotaBytes, retention.trash_days);
  }

  plan(): Promise<PrunePlan> {
    return planCollection(this.#session, { quotaBytes: this.#quotaBytes });
  }

  async pin(ids: readonly ArtifactId[], name: string, reason?: string): Promise<PrunePlan> {
    await changePins(
      this.#session,
      ids.map((id) => ({ change: 'pin', id, name, reason })),
    );
    return this.plan();
  }

  async unpin(ids: readonly ArtifactId[], name: string): Promise<PrunePlan> {
    await changePins(
      this.#session,
      ids.map((id) => ({ change: 'unpin', id, name })),
    );
    return this.plan();
  }

  async detail(id: ArtifactId): Promise<Detail> {
    const catalog = await this.#session.catalog();
    const record = catalog.get(id);
    if (record === undefined)
      return { id, problem: 'it is not in the store', pins: [], sources: [], madeFrom: [] };
    const { store } = this.#session;
    let manifest: Manifest | undefined;
    let problem: string | undefined;
    try {
      manifest = decodeManifest(await store.objects.read(record.manifest, MAX_MANIFEST_BYTES));
    } catch (e) {
      if (!isHsError(e, 'OBJECT_MISSING', 'INTEGRITY', 'INVALID_MANIFEST', 'INVALID_RECORD')) throw e;
      problem = e.message;
    }
    const { entry } = await store.ledger.read(record.registered.seq);
    const sourceOf = (other: ArtifactId): Source => {
      const found = catalog.get(other);
      const state = found === undefined ? 'unknown' : found.removed === undefined ? 'live' : 'removed';
      return { id: other, state, ...(found?.name === undefined ? {} : { name: found.name }) };
    };
    const madeFrom: ArtifactId[] = [];
    for (const other of catalog.live()) {
      if (other.sources?.includes(id) === true) madeFrom.push(other.artifact_id);
    }
    return {
      id,
      ...(manifest === undefined ? {} : { manifest }),
      ...(problem === undefined ? {} : { problem }),
      pins: record.pins,
      actor: `${entry.actor}:${entry.actor_id}`,
      ...(entry.job_id === undefined ? {} : { job: entry.job_id }),
      sources: (record.sources ?? []).map(sourceOf),
      madeFrom: madeFrom.map(sourceOf),
    };
  }

  async apply(
    { plan, spared }: ApplyRequest,
    onProgress: (progress: ApplyProgress) => void,
    signal: AbortSignal,
  ): Promise<ApplyOutcome> {
    signal.throwIfAborted();
    const { outcome, reclaimed, restorableUntil } = await collect(this.#session, {
      seen: { plan, hash: planHash(plan), except: spared },
      progress: sinkOf(onProgress),
    });
    return {
      ...(outcome.report === undefined ? {} : { reportId: outcome.report, runId: outcome.report }),
      removed: outcome.report === undefined ? 0 : outcome.plan.header.pruned,
      freedBytes: outcome.plan.header.freed_bytes,
      spared: outcome.sparedSince.length,
      purgePending: reclaimed.purge_pending.reduce((n, p) => n + p.objects, 0),
      ...(restorableUntil === undefined ? {} : { restorableUntil }),
      warnings: reclaimed.unknown.map((what) => `no bytes were freed: ${what} cannot be read`),
    };
  }
}

function sinkOf(onProgress: (progress: ApplyProgress) => void): ProgressSink {
  let at: ApplyProgress | undefined;
  return {
    start(phase: string, total?: number, unit: ProgressUnit = 'artifacts') {
      at = { phase, done: 0, unit, ...(total === undefined ? {} : { total }) };
      onProgress(at);
    },
    advance(amount: number) {
      if (at === undefined) return;
      at = { ...at, done: at.done + amount };
      onProgress(at);
    },
    done() {
      at = undefined;
    },
  };
}
