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
  /** How many exports to a place have begun, and how many have ended. */
  readonly #counts = new Map<string, { begun: number; done: number }>();
  /** Of an export that no other one overlapped, what it was told. */
  readonly written = new Map<string, ObjectId>();
  /** What exports to a place have begun to write there. */
  readonly #contents = new Map<string, Set<ObjectId>>();

  /** To be called when that export is done. */
  begin(path: string, content: ObjectId): () => void {
    const contents = this.#contents.get(path) ?? new Set();
    this.#contents.set(path, contents.add(content));
    const counts = this.#counts.get(path) ?? { begun: 0, done: 0 };
    this.#counts.set(path, counts);
    counts.begun += 1;
    const { begun, done } = counts;
    this.written.delete(path);
    return () => {
      // Another one may have been the last to rename, whichever began or ended first.
      if (counts.begun === begun && counts.done === done) this.written.set(path, content);
      else this.written.delete(path);
      counts.done += 1;
    };
  }

  contents(path: string): readonly ObjectId[] {
    return [...(this.#contents.get(path) ?? [])];
  }
}
