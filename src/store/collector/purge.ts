import { DAY_MS } from '../../core/duration.js';
import type { ProgressSink } from '../../core/effects.js';
import { type ObjectId, timestampMs } from '../../core/objects/ids.js';
import type { LeaseTable } from '../port/lease-table.js';
import type { PurgeNote, Reclaimer, TrashBatch, Working } from '../port/reclaimer.js';
import type { Store } from '../store.js';
import type { Mark } from './mark.js';

/** How often a purge without a window checks the leases that it waits for. */
const POLL_MS = 25;

/** The result of a purge. */
export interface Purged {
  readonly batches: readonly string[];
  readonly objects: number;
  readonly size_bytes: number;
  readonly brought_back: number;
}

/** A batch whose window has ended, but that a command running since before it was sealed may still need. */
export interface PendingPurge {
  readonly batch: string;
  readonly objects: number;
  readonly leases: readonly string[];
}

/** Whether the trash window has ended, by the system clock (D10). */
export function isDue(
  batch: TrashBatch,
  trashDays: number,
  nowMs: number,
  emptyTrash: boolean | ReadonlySet<string>,
): boolean {
  if (batch.seal === undefined) return false;
  if (batch.window === 'zero') return true;
  if (typeof emptyTrash === 'boolean' ? emptyTrash : emptyTrash.has(batch.name)) return true;
  return timestampMs(batch.seal.sealed_at) + trashDays * DAY_MS <= nowMs;
}

/** Which leases may be alive. Each is checked once a pass, however many seals name it; a dead one never again. */
class LiveLeases {
  readonly #leases: LeaseTable;
  readonly #over = new Set<string>();

  constructor(leases: LeaseTable) {
    this.#leases = leases;
  }

  /** The leases of these batches whose owners may be alive. */
  async among(batches: readonly TrashBatch[]): Promise<ReadonlySet<string>> {
    const living = new Set<string>();
    for (const token of new Set(batches.flatMap((b) => b.seal?.leases ?? []))) {
      if (this.#over.has(token)) continue;
      if (await this.#mayLive(token)) living.add(token);
      else this.#over.add(token);
    }
    return living;
  }

  /** The next writing command finishes what a dead one left. */
  async #mayLive(token: string): Promise<boolean> {
    if (!(await this.#leases.exists(token))) return false;
    const dead = await this.#leases.judge(token);
    await dead?.leave();
    // Released between the two checks counts as dead too.
    return dead === undefined && (await this.#leases.exists(token));
  }
}

export interface Patience {
  readonly ms: number;
  /** Resolves after `ms`. */
  wait(ms: number): Promise<void>;
}

export interface Waiting {
  readonly patience: Patience;
  readonly progress: ProgressSink;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Splits due batches into those that no running command can need and those that must wait for a lease. The time the
 * checks take counts as waiting: with many leases it is most of it.
 */
export async function awaitLeases(
  store: Store,
  due: readonly TrashBatch[],
  { patience, progress, signal }: Waiting,
): Promise<{ ready: TrashBatch[]; pending: PendingPurge[] }> {
  const { clock } = store.effects;
  const began = clock.now();
  const living = new LiveLeases(store.leases);
  for (let waited = 0; ; waited += POLL_MS) {
    signal?.throwIfAborted();
    const alive = await living.among(due);
    const ready: TrashBatch[] = [];
    const waiting: { batch: TrashBatch; leases: string[] }[] = [];
    for (const batch of due) {
      const leases = (batch.seal?.leases ?? []).filter((token) => alive.has(token));
      if (leases.length === 0) ready.push(batch);
      else waiting.push({ batch, leases });
    }
    if (waiting.length === 0 || Math.max(waited, clock.now() - began) >= patience.ms) {
      const pending: PendingPurge[] = [];
      for (const { batch, leases } of waiting) {
        pending.push({ batch: batch.name, objects: (await store.reclaimer.contents(batch)).length, leases });
      }
      return { ready, pending };
    }
    const [first] = alive;
    const others = alive.size === 1 ? '' : ` and ${alive.size - 1} more`;
    if (waited === 0)
      progress.start(`waiting for the command of lease ${first}${others}`, undefined, 'looks');
    progress.advance(1);
    await patience.wait(POLL_MS);
  }
}

/**
 * Indexes and manifests of removed artifacts, which mark other bytes as restricted. They are deleted last: the read
 * gate and the guard need them during a purge, and after one that was killed.
 */
async function identifyingObjects({ catalog }: Mark): Promise<ReadonlySet<ObjectId>> {
  const ids = new Set<ObjectId>();
  for await (const { removed, payload_type, content_hash, manifest } of catalog.provenGuarded()) {
    if (removed === undefined || payload_type === 'file') continue;
    ids.add(content_hash).add(manifest);
  }
  return ids;
}

/**
 * Deletes the contents of batches permanently, except what `stays`, which is restored: all that `mark` reaches. The mark
 * must be made after the last lease of their seals ended: it then includes what those commands committed, and every
 * later command finds the objects in the trash and restores them before it commits.
 */
export async function purge(
  reclaimer: Reclaimer,
  ready: readonly TrashBatch[],
  mark: Mark,
  stays: (id: ObjectId) => boolean,
  working: Working,
): Promise<Purged> {
  const identifying = await identifyingObjects(mark);
  const notes: PurgeNote[] = [];
  // A collection that died may have left one object in two batches.
  const counted = new Set<ObjectId>();
  for (const batch of ready) {
    const broughtBack = await reclaimer.rescue(batch, stays, working);
    const isLast = (id: ObjectId) => identifying.has(id);
    notes.push(await reclaimer.erase(batch, { isInUse: stays, isLast, counted, broughtBack }, working));
  }
  const sum = (of: (note: PurgeNote) => number) => notes.reduce((all, note) => all + of(note), 0);
  return {
    batches: ready.map((b) => b.name),
    objects: sum((n) => n.objects),
    size_bytes: sum((n) => n.size_bytes),
    brought_back: sum((n) => n.brought_back),
  };
}
