import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { DAY_MS } from '../../core/duration.js';
import { compact } from '../../core/json/omit-undefined.js';
import { type ObjectId, type Timestamp, timestampMs, toTimestamp } from '../../core/objects/ids.js';
import type { ArtifactObjects } from '../../core/retention/artifact-columns.js';
import type { TrashedArtifact } from '../../core/retention/trashed-artifact.js';
import { HsError } from '../../errors/hs-error.js';
import type { TrashBatch } from '../../store/port/reclaimer.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import type { Session } from '../session/session.js';
import { objectsOfAll } from './payload-presence.js';
import { toTrashed } from './trash-contents.js';

export interface TrashItem extends TrashedArtifact {
  /**
   * Until when it can be brought back at least: the first collection after that may purge it. Absent while none of its
   * bytes lie in the trash, because others use them or no sweep has moved them there.
   */
  readonly restorable_until?: Timestamp;
}

export interface TrashDetails extends TrashItem {
  readonly content_hash: ObjectId;
  /** The entry that removed it, and who did. */
  readonly removed_by: { readonly seq: number; readonly actor: string; readonly report?: string };
  /** Its objects, and those of them that lie in the trash. */
  readonly objects: number;
  readonly trashed_objects: number;
  /** Bytes of those: emptying the trash of it alone frees them, unless another artifact in the trash has them too. */
  readonly trashed_bytes: number;
  /** Leases of running commands for which a purge would wait. */
  readonly leases: readonly string[];
}

/** Where the objects of removed artifacts lie in the trash, and until when. */
class TrashPlaces {
  readonly #batches: ReadonlyMap<string, TrashBatch>;
  readonly #trashDays: number;
  readonly #ends = new Map<ObjectId, number>();
  readonly #leases = new Map<ObjectId, readonly string[]>();

  constructor(batches: readonly TrashBatch[], trashDays: number) {
    this.#batches = new Map(batches.map((b) => [b.name, b]));
    this.#trashDays = trashDays;
  }

  /** Notes a place of an object. One that is also in use, or in a batch that is not sealed, has no end. */
  note(id: ObjectId, name: string | undefined): void {
    const batch = name === undefined ? undefined : this.#batches.get(name);
    if (batch?.seal === undefined) {
      this.#ends.set(id, Number.POSITIVE_INFINITY);
      return;
    }
    const days = batch.window === 'zero' ? 0 : this.#trashDays;
    const end = timestampMs(batch.seal.sealed_at) + days * DAY_MS;
    this.#ends.set(id, Math.max(end, this.#ends.get(id) ?? 0));
    this.#leases.set(id, batch.seal.leases);
  }

  trashed({ objects }: ArtifactObjects) {
    return objects.filter(({ id }) => Number.isFinite(this.#ends.get(id)));
  }

  end(of: ArtifactObjects): Timestamp | undefined {
    const ends = this.trashed(of).map(({ id }) => this.#ends.get(id)!);
    // A list of 100,000 files overflows the stack as arguments.
    return ends.length === 0 ? undefined : toTimestamp(ends.reduce((a, b) => Math.min(a, b)));
  }

  leases(of: ArtifactObjects): string[] {
    return [...new Set(this.trashed(of).flatMap(({ id }) => this.#leases.get(id) ?? []))];
  }
}

async function look(session: Session, records: readonly ArtifactRecord[]) {
  const { trash_days } = (await session.policy(await session.catalog())).retention;
  const places = new TrashPlaces(await session.store.reclaimer.batches(), trash_days);
  const objectsOf = await objectsOfAll(session, records, (id, batch) => places.note(id, batch));
  return { places, objectsOf };
}

/** The removed artifacts that can be brought back, the last removed first. Read-only. */
export async function listTrash(session: Session): Promise<TrashItem[]> {
  const removed: ArtifactRecord[] = [];
  for await (const record of (await session.catalog()).removed()) {
    if (record.removed?.purge !== true) removed.push(record);
  }
  const { places, objectsOf } = await look(session, removed);
  return removed
    .filter((r) => !objectsOf(r).damaged)
    .sort((a, b) => b.removed!.seq - a.removed!.seq || (a.artifact_id < b.artifact_id ? -1 : 1))
    .map((r) => compact({ ...toTrashed(r), restorable_until: places.end(objectsOf(r)) }));
}

/** One artifact in the trash. NOT_FOUND if it cannot be brought back, CONFLICT if it is not removed. */
export async function showTrashed(session: Session, typed: string): Promise<TrashDetails> {
  const record = await resolveRemoved(session, typed);
  const { places, objectsOf } = await look(session, [record]);
  const of = objectsOf(record);
  if (of.damaged) {
    throw new HsError('NOT_FOUND', `'${typed}' is not in the trash any more: not all of its bytes are left`, {
      hint: 'hs show shows what the ledger knows of it',
    });
  }
  const { entry } = await session.store.ledger.read(record.removed!.seq);
  const payload = await session.store.payloadOf(entry);
  const trashed = places.trashed(of);
  return compact({
    ...toTrashed(record),
    restorable_until: places.end(of),
    content_hash: record.content_hash,
    removed_by: compact({
      seq: entry.seq,
      actor: `${entry.actor}:${entry.actor_id}`,
      report: 'report' in payload ? payload.report : undefined,
    }),
    objects: new Set(of.objects.map(({ id }) => id)).size,
    trashed_objects: new Set(trashed.map(({ id }) => id)).size,
    trashed_bytes: [...new Map(trashed.map(({ id, size }) => [id, size])).values()].reduce(
      (a, b) => a + b,
      0,
    ),
    leases: await living(session, places.leases(of)),
  });
}

async function living({ store }: Session, leases: readonly string[]): Promise<string[]> {
  const alive: string[] = [];
  for (const token of leases) if (await store.leases.exists(token)) alive.push(token);
  return alive;
}

/** A removed artifact, as a user names it. */
export async function resolveRemoved(session: Session, typed: string): Promise<ArtifactRecord> {
  const record = await resolveArtifact(await session.catalog(), typed, {
    removed: 'trash',
    listedBy: 'hs trash ls',
  });
  if (record.removed !== undefined) return record;
  throw new HsError('CONFLICT', `'${typed}' is not removed`, {
    hint: 'hs trash ls lists what is in the trash',
  });
}
