import { labelOf } from '../../core/manifest/label-of.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import type { PlanItem } from '../../core/retention/prune-plan.js';
import { escapeText } from '../../core/text/escape-control.js';
import { toReason } from '../../core/text/ledger-text.js';
import { HsError } from '../../errors/hs-error.js';
import type { Patience } from '../../store/collector/await-leases.js';
import { NOTHING, type Reclaimed } from '../../store/collector/collector.js';
import type { Session } from '../session/session.js';
import { applyRemoval } from './apply-removal.js';
import { type Collected, finish } from './collect-garbage.js';
import { makePlan } from './make-plan.js';
import { PurgedBytes } from './shared-bytes.js';
import { StorePreview, StoreRetention } from './store-retention.js';

export interface RemoveOptions {
  readonly reason?: string | undefined;
  /** Skips the trash (D9); needs `retention.purge`. */
  readonly purge?: boolean;
  readonly patience?: Patience;
}

export interface Removed extends Collected {
  /** Requested but not removed, each with the reason. */
  readonly refused: readonly { readonly item: PlanItem; readonly error: HsError }[];
  /** Purged, but other artifacts hold the same bytes; each with their location. */
  readonly shared: readonly { readonly item: PlanItem; readonly error: HsError }[];
  /** Why a purge is incomplete. */
  readonly unpurged?: HsError;
}

/** PARTIAL while bytes of these objects, which should be deleted at once, may remain, whatever keeps them. */
export async function unpurgedBy(
  { store }: Session,
  { sweep, unknown, left, purge_pending: pending }: Reclaimed,
  objects: ReadonlySet<ObjectId> | 'any',
): Promise<HsError | undefined> {
  const why =
    sweep === 'busy'
      ? 'another collection is running'
      : (unknown[0] ?? left[0] ?? (pending.length > 0 ? 'a running command may need them' : undefined));
  const aside = await store.inventory.quarantineOf(objects);
  if (why === undefined && aside === undefined) return undefined;
  const dir = `'${escapeText(aside ?? '')}'`;
  const reasons = [why, aside && `a repair moved damaged files to ${dir}`];
  const hints = [
    why && 'hs gc --yes purges them once that ends',
    aside && `look at the files in ${dir}, then delete them: rm -rf ${dir}`,
  ];
  const joined = (list: readonly (string | undefined)[]) => list.filter((s) => s !== undefined).join('; ');
  return new HsError('PARTIAL', `bytes to be purged may remain: ${joined(reasons)}`, { hint: joined(hints) });
}

export function removalRefusal(item: PlanItem): HsError {
  const id = item.artifact_id;
  const label = labelOf(item);
  if (item.rule === 'frozen') {
    return new HsError('LAYER', `cannot remove '${label}': it is frozen (L1)`, {
      details: { artifact_id: id },
    });
  }
  const pins = item.pins ?? [];
  return new HsError('PINNED', `cannot remove '${label}': it is pinned by '${pins.join("', '")}'`, {
    hint: `hs unpin ${id.slice(0, 8)} --name ${pins[0]}`,
    details: { artifact_id: id, pins },
  });
}

/** The plan of `hs rm`, without effects (D5). */
export async function planRemoval(session: Session, ids: ReadonlySet<ArtifactId>, purge: boolean) {
  const planned = await makePlan(new StorePreview(session), { now: () => session.now(), ids, purge });
  return planned.plan(true);
}

/**
 * Removes artifacts by id, with the plan, report, trash and pins of a collection (D9). Pinned and frozen artifacts stay
 * and are listed in `refused`; the ledger records the refusal.
 */
export async function removeArtifacts(
  session: Session,
  ids: ReadonlySet<ArtifactId>,
  options: RemoveOptions = {},
): Promise<Removed> {
  await session.store.index?.makeRoom();
  const purged = new PurgedBytes(session);
  if (options.purge) {
    const catalog = await session.catalog();
    await session.demand(catalog, 'retention.purge', [...ids]);
    await purged.note(catalog, ids);
  }
  const storage = new StoreRetention(session, {
    capability: 'artifact.remove',
    subjects: [...ids],
    patience: options.patience,
  });
  const outcome = await applyRemoval(storage, {
    command: 'rm',
    now: () => session.now(),
    ids,
    reason: toReason(options.reason),
    purge: options.purge === true,
    report: session.random.uuid() as ArtifactId,
    actor: session.actor,
    jobId: session.jobId,
    traceId: session.traceId,
    systemMs: () => session.clock.now(),
    signal: session.signal,
  });
  const refused = outcome.plan.items
    .filter((item) => item.verdict === 'keep')
    .map((item) => ({ item, error: removalRefusal(item) }));
  if (refused.length > 0) {
    await session.write('artifact.remove', [...ids], (tx) =>
      tx.refuse(refused[0]!.error, {
        capability: 'artifact.remove',
        subjects: refused.map((r) => r.item.artifact_id),
      }),
    );
  }
  // Nothing was removed, so nothing is swept: an unreferenced object may be one that another script is about to use.
  if (outcome.report === undefined) {
    return { outcome, reclaimed: NOTHING, irreversible: [], emptied: [], refused, shared: [] };
  }
  const done = await finish(session, storage, outcome);
  // A user who purges a secret must know where else it is: bytes go only with the last artifact that holds them.
  const isSwept = options.purge === true && done.reclaimed.sweep === 'done';
  const gone = isSwept ? outcome.plan.items.filter((item) => item.verdict === 'prune') : [];
  const held = await purged.stillHeld(
    await session.catalog(),
    gone.map((item) => item.artifact_id),
  );
  const shared = gone.flatMap((item) => {
    const error = held.get(item.artifact_id);
    return error === undefined ? [] : [{ item, error }];
  });
  const unpurged = options.purge ? await unpurgedBy(session, done.reclaimed, purged.objects) : undefined;
  return { ...done, refused, shared, ...(unpurged === undefined ? {} : { unpurged }) };
}
