import type { Context } from '../../src/cli/command-context.js';
import { setRemovalStatus } from '../../src/cli/removal-status.js';
import { doneRemoval, type RemovalDone } from '../../src/cli/retention-documents.js';
import type { Catalog } from '../../src/core/catalog/catalog.js';
import type { ProgressSink } from '../../src/core/effects.js';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { planHash } from '../../src/core/retention/plan-file.js';
import type { PrunePlan } from '../../src/core/retention/prune-plan.js';
import { assumeDead, type Collected, collect } from '../../src/ops/gc/collect-garbage.js';
import { judgeCollection } from '../../src/ops/gc/plan-collection.js';
import { trashedArtifacts } from '../../src/ops/gc/trash-contents.js';
import { trashWindow } from '../../src/ops/gc/trash-window.js';
import { changePins } from '../../src/ops/govern/pins.js';
import { readArtifact } from '../../src/ops/inspect/show-artifact.js';
import { defaultPinName } from '../../src/ops/naming/pin-name.js';
import type { Session } from '../../src/ops/session/session.js';
import { reclaimable, type Unreferenced } from '../../src/store/collector/reclaimable.js';
import type { muteKeys } from '../../src/ui/mute-keys.js';
import { openPreview } from '../../src/ui/open-preview.js';
import type {
  ApplyOutcome,
  ApplyProgress,
  ApplyRequest,
  Detail,
  PreviewModel,
  Source,
  TrashContents,
  UndoWindow,
} from '../../src/ui/preview-data.js';

/** The options of `hs gc` that the preview uses. */
export interface PreviewOptions {
  readonly quota: number | undefined;
  readonly filter: readonly string[];
  readonly emptyTrash: boolean;
  readonly repack: boolean;
  /** Leases to treat as dead when the user applies the plan. */
  readonly assumeDead: readonly string[];
}

/** Forwards the store's progress to the screen while there is one. */
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

async function sourceOf(catalog: Catalog, id: ArtifactId): Promise<Source> {
  const record = await catalog.get(id);
  if (record === undefined) return { id, state: 'unknown' };
  const name = record.name ?? record.filename_hint;
  return {
    id,
    ...(name === undefined ? {} : { name }),
    state: record.removed === undefined ? 'live' : 'removed',
  };
}

/** The store behind the preview. */
class StoreModel implements PreviewModel {
  readonly defaultPin: string;
  readonly trash: UndoWindow | undefined;
  readonly emptying?: () => Promise<TrashContents>;
  readonly #session: Session;
  readonly #options: PreviewOptions;
  readonly #relay: Relay;
  readonly #warnings: readonly string[];
  /** What was pinned or unpinned here stays in sight. */
  readonly #changed = new Set<ArtifactId>();
  /** As the last plan found it. */
  #unreferenced: Promise<Unreferenced | undefined> | undefined;
  /** The result of `apply`. */
  collected: Collected | undefined;

  constructor(
    session: Session,
    options: PreviewOptions,
    relay: Relay,
    warnings: readonly string[],
    trash: UndoWindow | undefined,
  ) {
    this.#session = session;
    this.#options = options;
    this.#relay = relay;
    this.#warnings = warnings;
    this.defaultPin = defaultPinName(session);
    this.trash = trash;
    if (options.emptyTrash) this.emptying = () => this.#emptying();
  }

  async plan(onProgress?: (progress: ApplyProgress) => void): Promise<PrunePlan> {
    this.#relay.to = onProgress;
    try {
      const { quota, filter } = this.#options;
      const judging = judgeCollection(this.#session, { quotaBytes: quota, filters: filter });
      if (this.emptying !== undefined) {
        this.#unreferenced = judging.then(
          ({ unreferenced }) => unreferenced,
          () => undefined,
        );
      }
      const planned = await judging;
      return await planned.planToShow(this.#changed);
    } finally {
      this.#relay.to = undefined;
    }
  }

  async #emptying(): Promise<TrashContents> {
    const { store } = this.#session;
    const request = { trashDays: 0, emptyTrash: true };
    // What lies unused in packs goes too.
    const { unreferenced, trash } = await reclaimable(store, request, await this.#unreferenced);
    return {
      artifacts: await trashedArtifacts(this.#session),
      objects: trash.objects + unreferenced.objects,
      bytes: trash.size_bytes + unreferenced.size_bytes,
    };
  }

  async detail(id: ArtifactId): Promise<Detail> {
    const catalog = await this.#session.catalog();
    const record = (await catalog.get(id))!;
    const { manifest, damage, claims, registered } = await readArtifact(this.#session, record);
    const madeFrom: Source[] = [];
    for await (const other of catalog.derivedFrom(id)) {
      if (other.removed === undefined) madeFrom.push(await sourceOf(catalog, other.artifact_id));
    }
    return {
      id,
      ...(manifest === undefined ? {} : { manifest }),
      ...(damage === undefined ? {} : { problem: damage }),
      claims,
      pins: record.pins,
      actor: registered.actor,
      ...(registered.jobId === undefined ? {} : { job: registered.jobId }),
      sources: await Promise.all((record.sources ?? []).map((source) => sourceOf(catalog, source))),
      madeFrom,
    };
  }

  async pin(ids: readonly ArtifactId[], name: string, reason?: string): Promise<PrunePlan> {
    for (const id of ids) this.#changed.add(id);
    await changePins(
      this.#session,
      ids.map((id) => ({ change: 'pin', id, name, reason })),
    );
    return this.plan();
  }

  async unpin(ids: readonly ArtifactId[], name: string): Promise<PrunePlan> {
    for (const id of ids) this.#changed.add(id);
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
      repack: this.#options.repack,
      // The confirmation question says so, and was answered with yes.
      bestEffort: true,
    });
    this.#relay.to = undefined;
    this.collected = collected;
    const { outcome, reclaimed, irreversible, emptied, trashUntil, restorableUntil } = collected;
    const { report, plan: done } = outcome;
    return {
      ...(report === undefined ? {} : { reportId: report, runId: report }),
      removed: report === undefined ? 0 : done.header.pruned,
      irreversible: irreversible.length,
      freed: done.header,
      emptied: emptied.length,
      purgedBytes: reclaimed.purged.size_bytes,
      stays: reclaimed.unswept.objects > 0,
      spared: outcome.sparedSince.length,
      purgePending: reclaimed.purge_pending.reduce((sum, p) => sum + p.objects, 0),
      ...(trashUntil === undefined ? {} : { trashUntil }),
      ...(restorableUntil === undefined ? {} : { restorableUntil }),
      warnings: this.#warnings,
    };
  }
}

/**
 * `hs gc` on a terminal: returns the result, or undefined if the user left without applying. Loaded only for that,
 * since Ink takes 350 ms to import. `release` ends the muting of keys.
 */
export async function previewCollection(
  context: Context,
  options: PreviewOptions,
  release: ReturnType<typeof muteKeys>,
): Promise<RemovalDone | undefined> {
  const relay = new Relay();
  const warnings: string[] = [];
  const { host, terminal, signal, log } = context;
  const session = await context.session({
    writes: true,
    progress: relay,
    warn: (message) => warnings.push(message),
  });
  const model = new StoreModel(
    session,
    options,
    relay,
    warnings,
    options.emptyTrash ? undefined : await trashWindow(session),
  );
  const { colour, unicode } = terminal;
  release('go on');
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
