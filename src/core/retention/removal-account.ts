import type { PlanInput } from './plan-input.js';

/** The bytes that a removal frees. */
export interface Freed {
  readonly bytes: number;
  /** Of these, the bytes freed at once, without a trash window; the others when the trash is emptied. */
  readonly atOnce: number;
}

export const FREES_NOTHING: Freed = { bytes: 0, atOnce: 0 };

/**
 * Counts what a removal frees and what cannot be undone (D7). Shared objects count once, and are freed with the last
 * artifact that refers to them. An object of both a sensitive and an ordinary artifact that are removed together has no
 * trash window, so the ordinary one cannot be restored either. Artifacts are rows of the columns.
 */
export class RemovalAccount {
  readonly #artifacts: PlanInput['artifacts'];
  readonly #users: Uint32Array;
  readonly #held: Uint8Array;
  readonly #windowless: Uint8Array;
  readonly #keepsNothing: boolean;
  #stored: number;

  /** `purge`: remove without a trash window (`hs rm --purge`). */
  constructor({ artifacts, policy, purge }: Pick<PlanInput, 'artifacts' | 'policy' | 'purge'>) {
    const { users, held, stored } = artifacts.objects;
    this.#artifacts = artifacts;
    this.#users = users.slice();
    this.#held = held;
    this.#windowless = new Uint8Array(users.length);
    this.#stored = stored;
    this.#keepsNothing = purge === true || policy.retention.trash_days === 0;
  }

  /** Bytes of all distinct objects that are still in use. */
  get stored(): number {
    return this.#stored;
  }

  /** Announces a removal. All artifacts that are removed together are announced before the first is released. */
  announce(row: number): void {
    if (this.#keepsNothing || !this.#artifacts.isSensitive(row)) return;
    for (const object of this.#artifacts.objectsOf(row)) this.#windowless[object] = 1;
  }

  /** Releases an announced artifact. */
  release(row: number): Freed {
    const { sizes } = this.#artifacts.objects;
    let [bytes, atOnce] = [0, 0];
    for (const object of this.#artifacts.objectsOf(row)) {
      if (--this.#users[object]! > 0 || this.#held[object] === 1) continue;
      bytes += sizes[object]!;
      if (this.#keepsNothing || this.#windowless[object] === 1) atOnce += sizes[object]!;
    }
    this.#stored -= bytes;
    return { bytes, atOnce };
  }

  /** After all are released: whether this artifact cannot be restored. One that is damaged cannot. */
  isIrreversible(row: number): boolean {
    const { damaged } = this.#artifacts;
    if (this.#keepsNothing || damaged[row] === 1 || this.#artifacts.isSensitive(row)) return true;
    return this.#artifacts.objectsOf(row).some((o) => this.#windowless[o] === 1 && this.#users[o] === 0);
  }
}
