import type { PlanInput } from './plan-input.js';

/** Bytes that a removal frees. */
export interface Freed {
  readonly bytes: number;
  /** Of these, the ones without a trash window: gone at once, the others when the trash is emptied. */
  readonly atOnce: number;
}

export const FREES_NOTHING: Freed = { bytes: 0, atOnce: 0 };

/**
 * What a removal frees and what of it cannot be undone (D7): shared objects count once, and are freed when the last
 * artifact that names them goes. An object that both a sensitive artifact and an ordinary one leave behind has no trash
 * window, so that the ordinary one cannot be brought back either. Artifacts are rows of the columns.
 */
export class RemovalAccount {
  readonly #artifacts: PlanInput['artifacts'];
  readonly #users: Uint32Array;
  readonly #windowless: Uint8Array;
  readonly #keepsNothing: boolean;
  #stored: number;

  /** `purge`: nothing that goes has a trash window (`hs rm --purge`). */
  constructor({ artifacts, policy, purge }: Pick<PlanInput, 'artifacts' | 'policy' | 'purge'>) {
    const { users, stored } = artifacts.objects;
    this.#artifacts = artifacts;
    this.#users = users.slice();
    this.#windowless = new Uint8Array(users.length);
    this.#stored = stored;
    this.#keepsNothing = purge === true || policy.retention.trash_days === 0;
  }

  /** Bytes of all distinct objects that are still in use. */
  get stored(): number {
    return this.#stored;
  }

  /** Says that an artifact goes. All that go together are announced before the first is released. */
  announce(row: number): void {
    if (this.#keepsNothing || !this.#artifacts.isSensitive(row)) return;
    for (const object of this.#artifacts.objectsOf(row)) this.#windowless[object] = 1;
  }

  /** Takes an announced artifact off the account. */
  release(row: number): Freed {
    const { sizes } = this.#artifacts.objects;
    let [bytes, atOnce] = [0, 0];
    for (const object of this.#artifacts.objectsOf(row)) {
      if (--this.#users[object]! > 0) continue;
      bytes += sizes[object]!;
      if (this.#keepsNothing || this.#windowless[object] === 1) atOnce += sizes[object]!;
    }
    this.#stored -= bytes;
    return { bytes, atOnce };
  }

  /** Once all are released: whether nothing can bring this one back. */
  isIrreversible(row: number): boolean {
    if (this.#keepsNothing || this.#artifacts.isSensitive(row)) return true;
    return this.#artifacts.objectsOf(row).some((o) => this.#windowless[o] === 1 && this.#users[o] === 0);
  }
}
