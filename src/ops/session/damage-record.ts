import { isObjectId, type ObjectId } from '../../core/objects/ids.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { Lease } from '../../store/port/lease-table.js';
import { type Committer, Transaction } from './transaction.js';

/** Text of a finding of this kind; together with the object named, it identifies the finding. */
const SUMMARY = 'met by a reader: the bytes do not match the name';

/**
 * Records an `integrity_finding` in the ledger where reading or exporting met bytes that do not match their hash: once
 * per object, however often and by whomever it is read. The ledger is read for that only after damage was met, and each
 * entry only once per session.
 */
export class DamageRecord {
  readonly #by: Committer;
  readonly #known = new Set<ObjectId>();
  #next = 0;

  constructor(by: Committer) {
    this.#by = by;
  }

  /** Records the damage met so far. Never throws: the reader's own error is the one that matters. */
  async note(lease: Lease | undefined): Promise<void> {
    const { store, warn } = this.#by;
    const met = store.objects.takeMismatched();
    if (lease === undefined || met.every((id) => this.#known.has(id))) return;
    const tx = new Transaction(this.#by, lease);
    try {
      store.demandWritable();
      await tx.commit(
        async ({ head }) => {
          await this.#look(head.seq);
          const subjects = met.filter((id) => !this.#known.has(id));
          if (subjects.length === 0) return null;
          const payload = { findings: subjects.length, subjects, repaired: 0, summary: SUMMARY };
          return { type: 'integrity_finding', payload };
        },
        { records: true },
      );
      for (const id of met) this.#known.add(id);
    } catch (e) {
      // A read-only store can still be read; any other failure is a warning.
      if (isErrno(e, 'EROFS', 'EACCES', 'EPERM') || isHsError(e, 'USAGE', 'ROLLED_BACK', 'OFFLINE')) return;
      warn.call(this.#by, `could not record the damage: ${(e as Error).message}`);
    } finally {
      await tx.discard().catch(() => undefined);
    }
  }

  /** Reads the findings recorded since the last call. */
  async #look(headSeq: number): Promise<void> {
    const { store } = this.#by;
    for (; this.#next <= headSeq; this.#next++) {
      const { entry } = await store.ledger.read(this.#next);
      if (entry.type !== 'integrity_finding') continue;
      const payload = await store.payloadOf(entry);
      if (!('subjects' in payload) || !('summary' in payload) || payload.summary !== SUMMARY) continue;
      for (const subject of payload.subjects) if (isObjectId(subject)) this.#known.add(subject);
    }
  }
}
