import type { ProgressSink } from '../../core/effects.js';
import type { LeaseTable } from '../port/lease-table.js';
import type { TrashBatch } from '../port/reclaimer.js';
import type { Store } from '../store.js';

/** How often a collection looks whether what it waits for has ended. */
export const POLL_MS = 25;

/** A batch whose window has ended, but that a command running since before it was sealed may still need. */
export interface PendingPurge {
  readonly batch: string;
  readonly objects: number;
  readonly leases: readonly string[];
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
