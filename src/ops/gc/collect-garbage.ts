import { compact } from '../../core/json/omit-undefined.js';
import type { ArtifactId, Timestamp } from '../../core/objects/ids.js';
import type { Filter } from '../../core/query/condition.js';
import type { TrashedArtifact } from '../../core/retention/trashed-artifact.js';
import { HsError } from '../../errors/hs-error.js';
import type { Patience } from '../../store/collector/await-leases.js';
import type { Reclaimed } from '../../store/collector/collector.js';
import { fixedFilters } from '../naming/conditions.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { applyRemoval, type RemovalOutcome, type SeenPlan } from './apply-removal.js';
import { StoreRetention } from './store-retention.js';
import { goneForGood, trashedArtifacts } from './trash-contents.js';
import { trashWindow } from './trash-window.js';

export interface CollectOptions {
  /** A saved or shown plan: nothing that it does not list is removed (D3). */
  readonly seen?: SeenPlan | undefined;
  /** Quota in bytes, overriding the policy's. With `seen`, the plan's own applies. */
  readonly quotaBytes?: number | undefined;
  /** Remove only what matches all of them, and with `seen` those of the plan too. */
  readonly filters?: readonly Filter[] | undefined;
  /** Also purge batches within their trash window; needs `retention.purge`. */
  readonly emptyTrash?: boolean;
  /** Also take apart packs of which little is unused. */
  readonly repack?: boolean;
  /** If the quota cannot be met, remove all that it may; otherwise QUOTA is thrown before anything is removed. */
  readonly bestEffort?: boolean;
  /** How long a purge without a window waits for running commands; default two seconds. */
  readonly patience?: Patience;
  /** Called once the removal is committed, before bytes are freed. */
  onRemoved?(outcome: RemovalOutcome): void;
}

export interface Collected {
  readonly outcome: RemovalOutcome;
  readonly reclaimed: Reclaimed;
  /** Removed artifacts that cannot be brought back; with `emptyTrash`, all of them. */
  readonly irreversible: readonly ArtifactId[];
  /** Artifacts removed earlier that cannot be brought back any more, because the trash was emptied. */
  readonly emptied: readonly TrashedArtifact[];
  /** When the trash batch may be purged; absent without a window, or if the trash was emptied. */
  readonly trashUntil?: Timestamp;
  /** Until when removed artifacts can be brought back; absent if none can. */
  readonly restorableUntil?: Timestamp;
}

/** Filters narrow what is removed; nothing narrows what emptying the trash purges. USAGE for both. */
export function demandWholeTrash(emptyTrash: boolean | undefined, filters: readonly unknown[]): void {
  if (emptyTrash !== true || filters.length === 0) return;
  throw new HsError(
    'USAGE',
    'a collection with filters cannot empty the trash, which is emptied as a whole',
    {
      hint: 'hs trash empty purges it, or single artifacts in it',
    },
  );
}

/**
 * Removes what retention prunes, then sweeps and purges. The removal is one commit; if the command ends after it, the
 * next collection continues from there.
 */
export async function collect(session: Session, options: CollectOptions = {}): Promise<Collected> {
  if (options.emptyTrash) await session.demand(await session.catalog(), 'retention.purge', []);
  await session.store.index?.makeRoom();
  const trashed = options.emptyTrash ? await trashedArtifacts(session) : [];
  const storage = new StoreRetention(session, {
    capability: 'retention.collect',
    patience: options.patience,
  });
  const { seen } = options;
  const filters = [...(seen?.plan.header.filters ?? []), ...(await fixedFilters(session, options.filters))];
  demandWholeTrash(options.emptyTrash, filters);
  session.progress.start('planning');
  const outcome = await applyRemoval(storage, {
    command: 'gc',
    now: () => session.now(),
    quotaBytes: seen?.plan.header.quota_bytes ?? options.quotaBytes,
    filters: [...new Set(filters)],
    seen,
    bestEffort: options.bestEffort === true,
    report: session.random.uuid() as ArtifactId,
    actor: session.actor,
    jobId: session.jobId,
    traceId: session.traceId,
    systemMs: () => session.clock.now(),
    signal: session.signal,
  });
  options.onRemoved?.(outcome);
  const done = await finish(session, storage, outcome, options);
  return { ...done, emptied: await goneForGood(session, trashed) };
}

/** The steps after the commit of any removal. */
export async function finish(
  session: Session,
  storage: StoreRetention,
  outcome: RemovalOutcome,
  { emptyTrash = false, repack = false }: Pick<CollectOptions, 'emptyTrash' | 'repack'> = {},
): Promise<Collected> {
  session.progress.start('sweeping');
  const reclaimed = await storage.reclaim({ emptyTrash, repack });
  session.progress.done();
  for (const what of reclaimed.unknown) {
    session.warn(`no bytes were freed: cannot tell which objects are in use: ${what} is unreadable`);
  }
  for (const why of reclaimed.left) session.warn(`not everything was freed: ${why}`);
  const until = emptyTrash ? undefined : (await trashWindow(session))?.until;
  const { plan, irreversible, restorable, report } = outcome;
  const all = report !== undefined && emptyTrash;
  return compact({
    outcome,
    reclaimed,
    irreversible: all
      ? plan.items.filter((i) => i.verdict === 'prune').map((i) => i.artifact_id)
      : irreversible,
    emptied: [],
    trashUntil: until,
    restorableUntil: restorable > 0 ? until : undefined,
  });
}

/**
 * Declares leases dead whose liveness cannot be determined, and abandons unfinishable work of dead ones, because the
 * user says so; the ledger records who.
 */
export async function assumeDead(session: Session, tokens: readonly string[]): Promise<void> {
  const giveUp = async (tx: Transaction) => {
    for (const token of tokens) await session.store.leases.assumeDead(token);
    await tx.commit(
      () => ({ type: 'capability_action', payload: { action: 'assume-dead', subjects: [...tokens] } }),
      { records: true },
    );
  };
  await session.write('retention.collect', tokens, giveUp, tokens);
}
