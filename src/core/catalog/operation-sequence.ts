import type { LedgerEntry } from '../ledger/entry.js';
import type { EntryPayload } from '../ledger/entry-types.js';
import type { LedgerOp } from '../ledger/operation.js';
import type { ArtifactId, ObjectId } from '../objects/ids.js';
import { UuidTable } from '../objects/uuid-table.js';
import { contradiction } from './fold.js';

const LEAST_ROWS = 64;

/**
 * The operations of a ledger one after another, and whether each can follow from those before it, as the fold demands,
 * without folding: of an artifact it remembers its revision and whether it was removed, in some 40 bytes.
 */
export class OperationSequence {
  readonly #ids = new UuidTable<ArtifactId>();
  /** By number: the revision, negative for one that was removed. */
  #revisions = new Float64Array(LEAST_ROWS);
  #hasPolicy = false;

  /** How many artifacts there ever were. */
  get size(): number {
    return this.#ids.size;
  }

  /** The number of an artifact, in the order of registration; -1 for one that never was. */
  numberOf(id: ArtifactId): number {
    return this.#ids.numberOf(id);
  }

  /**
   * Applies the operation at that place in its entry; LEDGER_BROKEN if it contradicts those before it. Returns the
   * number of its artifact; -1 where it has none.
   */
  apply(entry: LedgerEntry, op: LedgerOp, _index: number): number {
    if (op.op === 'set_policy') {
      this.#hasPolicy = true;
      return -1;
    }
    const id = op.artifact_id;
    if (op.op === 'add') {
      const { size } = this.#ids;
      const number = this.#ids.add(id);
      if (number < size) throw contradiction(entry, `artifact ${id} exists already`);
      this.#set(number, op.revision);
      return number;
    }
    const number = this.#ids.numberOf(id);
    const revision = number < 0 ? 0 : this.#revisions[number]!;
    if (op.op === 'restore') {
      if (revision >= 0) throw contradiction(entry, `artifact ${id} was not removed`);
      this.#set(number, -revision);
      return number;
    }
    if (revision <= 0) throw contradiction(entry, `artifact ${id} is not there`);
    if (op.op === 'remove') this.#set(number, -revision);
    else if (op.op === 'revise') {
      if (op.revision !== revision + 1) {
        throw contradiction(entry, `revision ${op.revision} of ${id} follows ${revision}`);
      }
      this.#set(number, op.revision);
    }
    return number;
  }

  /**
   * Once all operations of an entry are applied. `hash` is that of its exact bytes; `payload` is undefined if it cannot
   * be read.
   */
  finish(entry: LedgerEntry, _hash: ObjectId, _payload: EntryPayload | undefined): void {
    if (!this.#hasPolicy) throw contradiction(entry, 'no policy was ever set');
  }

  #set(number: number, revision: number): void {
    if (number >= this.#revisions.length) {
      const more = new Float64Array(2 * this.#revisions.length);
      more.set(this.#revisions);
      this.#revisions = more;
    }
    this.#revisions[number] = revision;
  }
}
