import type { ArtifactRecord } from '../../../../src/core/catalog/artifact-record.js';
import { isSensitive } from '../../../../src/core/manifest/sensitivity.js';

import type { ObjectId } from '../../../../src/core/objects/ids.js';
import type { ArtifactObjects } from '../../../../src/core/retention/artifact-columns.js';
import { ByteAccount, type SizedObject } from './byte-account.js';
import type { RecordInput } from './plan-input.js';

/** Bytes that a removal frees. */
export interface Freed {
  readonly bytes: number;
  /** Of these, the ones without a trash window: gone at once, the others when the trash is emptied. */
  readonly atOnce: number;
}

export const FREES_NOTHING: Freed = { bytes: 0, atOnce: 0 };

/**
 * What a removal frees and what of it cannot be undone (D7). An object that both a sensitive artifact and an
 * ordinary one leave behind has no trash window, so that the ordinary one cannot be brought back either.
 */
export class RemovalAccount {
  readonly #bytes = new ByteAccount();
  readonly #windowless = new Set<ObjectId>();
  readonly #keepsNothing: boolean;

  /** `purge`: nothing that goes has a trash window (`hs rm --purge`). */
  constructor({ policy, purge }: Pick<RecordInput, 'policy' | 'purge'>) {
    this.#keepsNothing = purge === true || policy.retention.trash_days === 0;
  }

  /** Bytes of all distinct objects that are still in use. */
  get stored(): number {
    return this.#bytes.stored;
  }

  use(objects: Iterable<SizedObject>): void {
    this.#bytes.use(objects);
  }

  /** Says that an artifact goes. All that go together are announced before the first is released. */
  announce(record: ArtifactRecord, objects: Iterable<SizedObject>): void {
    if (this.#keepsNothing || !isSensitive(record)) return;
    for (const { id } of objects) this.#windowless.add(id);
  }

  /** Takes an announced artifact off the account. */
  release(objects: Iterable<SizedObject>): Freed {
    let [bytes, atOnce] = [0, 0];
    for (const { id, size } of this.#bytes.release(objects)) {
      bytes += size;
      if (this.#keepsNothing || this.#windowless.has(id)) atOnce += size;
    }
    return { bytes, atOnce };
  }

  /** Once all are released: whether nothing can bring this one back. */
  isIrreversible(record: ArtifactRecord, { objects, damaged }: ArtifactObjects): boolean {
    if (this.#keepsNothing || damaged || isSensitive(record)) return true;
    for (const { id } of objects) if (this.#windowless.has(id) && !this.#bytes.isUsed(id)) return true;
    return false;
  }
}
