import type { Context } from '../../src/cli/context.js';
import { setRemovalStatus } from '../../src/cli/removal-status.js';
import { doneRemoval, type RemovalDone } from '../../src/cli/retention-documents.js';
import type { Catalog } from '../../src/core/catalog.js';
import { type ArtifactId, toTimestamp } from '../../src/core/ids.js';
import { planHash } from '../../src/core/plan-file.js';
import type { ProgressSink } from '../../src/core/ports.js';
import type { PrunePlan } from '../../src/core/prune-plan.js';
import { assumeDead, type Collected, collect } from '../../src/ops/gc/collect.js';
import { planCollection } from '../../src/ops/gc/plan-collection.js';
import { changePins, defaultPinName } from '../../src/ops/pins.js';
import type { Session } from '../../src/ops/session.js';
import { readArtifact } from '../../src/ops/show-artifact.js';
import type {
  ApplyOutcome,
  ApplyProgress,
  ApplyRequest,
  Detail,
  PreviewModel,
  Source,
  TrashWindow,
} from '../../src/ui/model.js';
import { openPreview } from '../../src/ui/open-preview.js';

const DAY = 86_400_000;

/** What of the options of `hs gc` the preview goes by. */
export interface PreviewOptions {
  readonly quota: number | undefined;
  readonly emptyTrash: boolean;
  /** Leases to be taken as dead, once the person applies. */
  readonly assumeDead: readonly string[];
}

/** Progress of the store, handed on to the screen as long as there is one. */
class Relay implements ProgressSink {
  to: ((progress: ApplyProgress) => void) | undefined;
  #progress: ApplyProgress = { phase: '', done: 0, unit: 'items' };

  start(phase: string, total?: number, unit = 'items'): void {
    this.#tell({ phase, done: 0, unit, ...(total === undefined ? {} : { total }) });
  }
  advance(amount: number): void {
    this.#tell({ ...this.#progress, done: this.#progress.done + amount });
  }
  done(): void {}

  #tell(progress: ApplyProgress): void {
    this.#progress = progress;
    this.to?.(progress);
  }
}

function sourceOf(catalog: Catalog, id: ArtifactId): Source {
  const record = catalog.get(id);
  if (record === undefined) return { id, state: 'unknown' };
  const name = record.name ?? record.filename_hint;
  return {
    id,
    ...(name === undefined ? {} : { name }),
    state: record.removed === undefined ? 'live' : 'removed',
  };
}

/** The store, as the preview asks for it. */
class StoreModel implements PreviewModel {
  readonly defaultPin: string;
  readonly trash: TrashWindow | undefined;
  readonly #session: Session;
  readonly #options: PreviewOptions;
  readonly #relay: Relay;
  readonly #warnings: readonly string[];
  /** What `apply` did. */
  collected: Collected | undefined;

  constructor(
    session: Session,
    options: PreviewOptions,
    relay: Relay,
    warnings: readonly string[],
    trash: TrashWindow | undefined,
  ) {
    this.#session = session;
    this.#options = options;
    this.#relay = relay;
    this.#warnings = warnings;
    this.defaultPin = defaultPinName(session);
    this.trash = trash;
  }

  plan(): Promise<PrunePlan> {
    return planCollection(this.#session, { quotaBytes: this.#options.quota });
  }

  async detail(id: ArtifactId): Promise<Detail> {
    const catalog = await this.#session.catalog();
    const record = catalog.get(id)!;
    const { manifest, damage, registered } = await readArtifact(this.#session, record);
    const madeFrom: Source[] = [];
    for (const other of catalog.live()) {
      if (other.sources?.includes(id)) madeFrom.push(sourceOf(catalog, other.artifact_id));
    }
    return {
      id,
      ...(manifest === undefined ? {} : { manifest }),
      ...(damage === undefined ? {} : { problem: damage }),
      pins: record.pins,
      actor: registered.actor,
      ...(registered.jobId === undefined ? {} : { job: registered.jobId }),
      sources: (record.sources ?? []).map((source) => sourceOf(catalog, source)),
      madeFrom,
    };
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

  async apply(
    { plan, spared }: ApplyRequest,
    onProgress: (progress: ApplyProgress) => void,
    signal: AbortSignal,
  ): Promise<ApplyOutcome> {
    signal.throwIfAborted();
    this.#relay.to = onProgress;
    if (this.#options.assumeDead.length > 0) await assumeDead(this.#session, this.#options.assumeDead);
    const collected = await collect(this.#session, {
      seen: { plan, hash: planHash(plan), except: spared },
      emptyTrash: this.#options.emptyTrash,
    });
    this.#relay.to = undefined;
    this.collected = collected;
    const { outcome, reclaimed, restorableUntil } = collected;
    const { report } = outcome;
    return {
      ...(report === undefined ? {} : { reportId: report, runId: report }),
      removed: report === undefined ? 0 : outcome.plan.header.pruned,
      freedBytes: outcome.plan.header.freed_bytes,
      spared: outcome.sparedSince.length,
      purgePending: reclaimed.purge_pending.reduce((sum, p) => sum + p.objects, 0),
      ...(restorableUntil === undefined ? {} : { restorableUntil }),
      warnings: this.#warnings,
    };
  }
}

async function trashOf(session: Session, { emptyTrash }: PreviewOptions): Promise<TrashWindow | undefined> {
  const { retention } = await session.policy(await session.catalog());
  const days = retention.trash_days;
  if (emptyTrash || days === 0) return undefined;
  return { days, until: toTimestamp(session.clock.now() + days * DAY) };
}

/**
 * `hs gc` on a terminal: what was done, or undefined when the person left without it. Loaded only for
 * that, since Ink costs 350 ms to import.
 */
export async function previewCollection(
  context: Context,
  options: PreviewOptions,
): Promise<RemovalDone | undefined> {
  const relay = new Relay();
  const warnings: string[] = [];
  const { host, terminal, signal, log } = context;
  const session = await context.session({
    writes: true,
    progress: relay,
    warn: (message) => warnings.push(message),
  });
  const model = new StoreModel(session, options, relay, warnings, await trashOf(session, options));
  const { colour, unicode } = terminal;
  try {
    await openPreview(
      model,
      { stdin: host.stdin, stdout: host.stdout, colour, unicode, signal },
      context.now(),
    );
  } finally {
    for (const warning of warnings) log.warn(warning);
  }
  if (model.collected === undefined) {
    log.note('nothing was removed');
    return undefined;
  }
  const done = doneRemoval(model.collected);
  setRemovalStatus(context, done);
  return done;
}
