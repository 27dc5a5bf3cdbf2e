import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { labelOf } from '../../core/manifest/label-of.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import type { TrashedArtifact } from '../../core/retention/trashed-artifact.js';
import { toReason } from '../../core/text/ledger-text.js';
import { HsError, isHsError } from '../../errors/hs-error.js';
import type { Patience } from '../../store/collector/await-leases.js';
import type { Reclaimed } from '../../store/collector/collector.js';
import { namesOf } from '../../store/collector/mark.js';
import type { SeenTrash } from '../../store/collector/reclaim-scope.js';
import { IndexReader } from '../../store/objects/index-reader.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { unpurgedBy } from './remove-artifacts.js';
import { PurgedBytes } from './shared-bytes.js';
import { StoreRetention } from './store-retention.js';
import { goneForGood, toTrashed, trashedArtifacts } from './trash-contents.js';

export interface EmptyTrashOptions {
  readonly reason?: string | undefined;
  /** How long the purge waits for running commands; default two seconds. */
  readonly patience?: Patience | undefined;
}

/** The trash as it is now. */
export async function seenTrash(session: Session): Promise<SeenTrash> {
  const batches = await session.store.reclaimer.batches();
  return {
    // The others may take more.
    batches: new Set(batches.flatMap(({ name, seal }) => (seal === undefined ? [] : [name]))),
    seq: (await session.catalog()).head.seq,
  };
}

export interface EmptiedTrash {
  /** What cannot be brought back any more. */
  readonly emptied: readonly TrashedArtifact[];
  readonly reclaimed: Reclaimed;
  /** Purged, but other artifacts hold the same bytes; each with their location. */
  readonly shared: readonly HsError[];
  /** Why the purge is incomplete. */
  readonly unpurged?: HsError;
}

/** Frees unreachable objects and all that is in the trash, or was when it was `seen`; needs `retention.purge`. */
export async function emptyTrash(
  session: Session,
  { patience, seen }: Pick<EmptyTrashOptions, 'patience'> & { readonly seen?: SeenTrash } = {},
): Promise<EmptiedTrash> {
  const trashed = await trashedArtifacts(session);
  const reclaimed = await reclaimTrash(session, patience, seen);
  return {
    emptied: await goneForGood(session, trashed),
    reclaimed,
    shared: [],
    ...(await incomplete(session, reclaimed, 'any')),
  };
}

/** The same, without a list of what is lost. */
export async function reclaimTrash(
  session: Session,
  patience?: Patience,
  emptyTrash: true | SeenTrash = true,
): Promise<Reclaimed> {
  await session.store.index?.makeRoom();
  await session.demand(await session.catalog(), 'retention.purge', []);
  return retention(session, { patience }).reclaim({ emptyTrash });
}

/**
 * Purges single removed artifacts, without their trash window; needs `retention.purge`. Bytes that others hold, or a
 * running command may need, stay.
 */
export async function purgeTrashed(
  session: Session,
  ids: ReadonlySet<ArtifactId>,
  options: EmptyTrashOptions = {},
): Promise<EmptiedTrash> {
  await session.store.index?.makeRoom();
  const purged = new PurgedBytes(session);
  const emptied: TrashedArtifact[] = [];
  const indexes = new IndexReader(session.store.objects);
  await session.write('retention.purge', [...ids], async (tx) => {
    await purged.note(await session.catalog(), ids);
    await tx.commit(async (catalog) => {
      emptied.length = 0;
      const ops: LedgerOp[] = [];
      for (const id of ids) {
        const record = await catalog.get(id);
        if (record?.removed === undefined) throw notRemoved(record, id);
        emptied.push(toTrashed(record));
        // Killed before its bytes were gone: only they are left to do.
        if (record.removed.purge) continue;
        // In use again until the next sweep, which takes them without a window.
        for (const object of await presentObjects(session, record, indexes)) await intoUse(tx, object);
        ops.push({ op: 'restore', artifact_id: id }, { op: 'remove', artifact_id: id, purge: true });
      }
      if (ops.length === 0) return null;
      const reason = toReason(options.reason);
      return {
        type: 'capability_action',
        payload: {
          action: 'purge',
          subjects: [...ids].slice(0, 20),
          ...(reason === undefined ? {} : { reason }),
        },
        ops,
      };
    });
  });
  const reclaimed = await retention(session, options).reclaim({ emptyTrash: false });
  const held = await purged.stillHeld(await session.catalog(), [...ids]);
  const unpurged = await incomplete(session, reclaimed, purged.objects);
  return { emptied, reclaimed, shared: [...held.values()], ...unpurged };
}

function retention(session: Session, { patience }: EmptyTrashOptions): StoreRetention {
  return new StoreRetention(session, { capability: 'retention.purge', patience });
}

async function incomplete(...purge: Parameters<typeof unpurgedBy>): Promise<Pick<EmptiedTrash, 'unpurged'>> {
  const unpurged = await unpurgedBy(...purge);
  return unpurged === undefined ? {} : { unpurged };
}

function notRemoved(record: ArtifactRecord | undefined, id: ArtifactId): HsError {
  if (record === undefined) return new HsError('NOT_FOUND', `there is no artifact '${id}'`);
  return new HsError('CONFLICT', `'${labelOf(record)}' is not removed`);
}

/** What is damaged in the trash stays there, and leaves its batch with the next sweep. */
async function intoUse({ batch }: Transaction, object: ObjectId): Promise<void> {
  try {
    await batch.reference(object);
  } catch (e) {
    if (!isHsError(e, 'INTEGRITY')) throw e;
  }
}

/** Those of its objects that are left: the rest went with another artifact. */
async function presentObjects(
  { store }: Session,
  record: ArtifactRecord,
  indexes: IndexReader,
): Promise<ObjectId[]> {
  const ids = new Set<ObjectId>();
  await namesOf(record, indexes, (id) => ids.add(id));
  const present: ObjectId[] = [];
  for (const id of ids) if (await store.objects.has(id)) present.push(id);
  return present;
}
