import type { ArtifactId, ObjectId } from '../../src/core/objects/ids.js';
import type { Promised } from './invariants.js';

/** What the commands on one store were told, which must hold from then on. */
export class Promises implements Promised {
  readonly acknowledged = new Set<ArtifactId>();
  readonly pinned = new Map<string, ArtifactId>();
  readonly removed = new Set<ArtifactId>();
  readonly revised = new Map<ArtifactId, number>();
  readonly noted = new Map<number, string>();
  /** Whoever began to bring one back may end late. */
  readonly #restoring = new Set<ArtifactId>();

  revisedTo(id: ArtifactId, revision: number): void {
    this.revised.set(id, Math.max(revision, this.revised.get(id) ?? 0));
  }

  isRemoved(id: ArtifactId): void {
    if (!this.#restoring.has(id)) this.removed.add(id);
  }

  beginRestoring(id: ArtifactId): void {
    this.#restoring.add(id);
    this.removed.delete(id);
  }
}

/** What exports were told of their destinations. */
export class Destinations {
  /** The exports to a place that have begun, and of an only one what it was told. */
  readonly #begun = new Map<string, number>();
  readonly written = new Map<string, ObjectId>();
  /** What exports to a place have begun to write there. */
  readonly #contents = new Map<string, Set<ObjectId>>();

  begin(path: string, content: ObjectId): number {
    this.#contents.set(path, (this.#contents.get(path) ?? new Set()).add(content));
    const n = (this.#begun.get(path) ?? 0) + 1;
    this.#begun.set(path, n);
    this.written.delete(path);
    return n;
  }

  contents(path: string): readonly ObjectId[] {
    return [...(this.#contents.get(path) ?? [])];
  }

  /** The export that began as the `n`-th to this place is done; one that began later may have changed it. */
  done(path: string, n: number, content: ObjectId): void {
    if (this.#begun.get(path) === n) this.written.set(path, content);
  }
}
