import { type DirNode, enter, type SimNode } from './nodes.js';
import type { Rng } from './rng.js';

export interface NameChange {
  readonly dir: DirNode;
  readonly key: string;
  readonly to: SimNode | undefined;
}

/** One name operation: its changes survive a power cut together or not at all. */
export interface NameOp {
  readonly changes: readonly NameChange[];
  readonly ids: readonly string[];
  /** A directory that had to be empty for this: what emptied it comes first. */
  readonly emptied: DirNode | undefined;
}

/** Kernels write names back by themselves after a while; this keeps a long run's list short. */
const MOST_PENDING = 1024;

/**
 * Name operations that no directory sync has covered. As on a journaled filesystem, one operation is
 * atomic and changes of the same entry keep their order; as POSIX allows, anything else is reordered.
 */
export class Journal {
  #pending: NameOp[] = [];

  record(changes: readonly NameChange[], emptied?: DirNode): NameOp {
    const op = { changes, ids: changes.map(({ dir, key }) => `${dir.ino}/${key}`), emptied };
    this.#pending.push(op);
    if (this.#pending.length > MOST_PENDING) {
      const old = new Set(this.#pending.slice(0, MOST_PENDING / 2));
      this.#commit(old);
    }
    return op;
  }

  /** Makes one operation durable, and what it builds on. */
  settle(op: NameOp): void {
    this.#commit(this.#closed(new Set([op])));
  }

  /** Makes every name in `dir` durable, and what those operations changed elsewhere. */
  syncDir(dir: DirNode): void {
    this.#commit(this.#closed(new Set(this.#pending.filter((op) => op.changes.some((c) => c.dir === dir)))));
  }

  syncAll(dev?: bigint): void {
    this.#commit(
      new Set(this.#pending.filter((op) => dev === undefined || op.changes.some((c) => c.dir.dev === dev))),
    );
  }

  /** The entries of each directory as a power cut leaves them, where that is not `syncedEntries`. */
  afterPowerCut(rng: Rng): Map<DirNode, Map<string, SimNode>> {
    const survivors = this.#closed(new Set(this.#survivors(rng)));
    const left = new Map<DirNode, Map<string, SimNode>>();
    for (const op of this.#pending.filter((op) => survivors.has(op))) {
      for (const change of op.changes) {
        let entries = left.get(change.dir);
        if (entries === undefined) {
          entries = new Map(change.dir.syncedEntries);
          left.set(change.dir, entries);
        }
        if (change.to === undefined) entries.delete(change.key);
        else entries.set(change.key, change.to);
      }
    }
    return left;
  }

  /** All, none, the oldest, or any: a coin for each alone would almost never show the first three. */
  #survivors(rng: Rng): NameOp[] {
    const flavour = rng.pick(['none', 'all', 'oldest', 'any'] as const);
    if (flavour === 'none') return [];
    if (flavour === 'all') return [...this.#pending];
    if (flavour === 'oldest') return this.#pending.slice(0, rng.below(this.#pending.length + 1));
    const probability = rng.pick([0.1, 0.5, 0.9]);
    return this.#pending.filter(() => rng.chance(probability));
  }

  /** With every earlier operation on the same entries, since those lie in the same blocks. */
  #closed(chosen: Set<NameOp>): Set<NameOp> {
    const ids = new Set<string>();
    const emptied = new Set<DirNode>();
    for (const op of this.#pending.toReversed()) {
      if (!chosen.has(op) && !op.ids.some((id) => ids.has(id)) && !op.changes.some((c) => emptied.has(c.dir)))
        continue;
      chosen.add(op);
      for (const id of op.ids) ids.add(id);
      if (op.emptied !== undefined) emptied.add(op.emptied);
    }
    return chosen;
  }

  #commit(ops: ReadonlySet<NameOp>): void {
    if (ops.size === 0) return;
    for (const op of this.#pending) {
      if (ops.has(op)) for (const { dir, key, to } of op.changes) enter(dir, 'syncedEntries', key, to);
    }
    this.#pending = this.#pending.filter((op) => !ops.has(op));
  }
}
