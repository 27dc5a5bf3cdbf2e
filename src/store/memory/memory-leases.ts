import type { Random } from '../../core/effects.js';
import type { Json } from '../../core/json/canonical.js';
import { HsError } from '../../errors/hs-error.js';
import type { DeadLease, Exclusive, ExclusiveName, Lease, LeaseTable } from '../port/lease-table.js';
import type { MemoryLeaseState, MemoryProcess, MemoryState } from './memory-state.js';

/** A lease lives until its process ends or releases it, which every process can see. */
export class MemoryLeases implements LeaseTable {
  readonly #state: MemoryState;
  readonly #process: MemoryProcess;
  readonly #random: Random;
  readonly #uid: number;

  constructor(state: MemoryState, process: MemoryProcess, random: Random, uid: number) {
    this.#state = state;
    this.#process = process;
    this.#random = random;
    this.#uid = uid;
  }

  async take(): Promise<Lease> {
    const { leases } = this.#state;
    const token = this.#random.hex(12);
    const lease: MemoryLeaseState = { owner: this.#process, journal: [], held: true };
    await this.#process.step('lease take', () => leases.set(token, lease));
    let abandoned = false;
    return {
      token,
      journal: (record: Json) =>
        this.#process.step('lease journal', () => void lease.journal.push(structuredClone(record))),
      abandon: () => {
        abandoned = true;
      },
      release: () =>
        this.#process.step('lease release', () => {
          lease.held = false;
          if (!abandoned) leases.delete(token);
        }),
    };
  }

  list(): Promise<string[]> {
    return this.#process.step('lease list', () => [...this.#state.leases.keys()].sort());
  }

  exists(token: string): Promise<boolean> {
    return this.#process.step('lease exists', () => this.#state.leases.has(token));
  }

  judge(token: string): Promise<DeadLease | undefined> {
    const { leases } = this.#state;
    return this.#process.step('lease judge', () => {
      const lease = leases.get(token);
      if (lease === undefined || (lease.held && lease.owner.alive) || lease.judge?.alive) return undefined;
      lease.judge = this.#process;
      return {
        token,
        journal: [...lease.journal],
        foreign: false,
        uid: this.#uid,
        discardStaged: () => this.#process.step('lease discard', () => this.#discard((of) => of === token)),
        clear: () => this.#process.step('lease clear', () => void leases.delete(token)),
        leave: () => this.#process.step('lease leave', () => void delete lease.judge),
      };
    });
  }

  assumeDead(token: string): Promise<void> {
    return this.#process.step('lease assume dead', () => {
      if (this.#state.leases.delete(token)) return;
      throw new HsError('NOT_FOUND', `there is no lease '${token}'`, { hint: 'hs doctor lists the leases' });
    });
  }

  discardUnclaimed(): Promise<void> {
    return this.#process.step('lease unclaimed', () => this.#discard((of) => !this.#state.leases.has(of)));
  }

  #discard(isOf: (lease: string) => boolean): void {
    for (const staged of this.#state.staged) if (isOf(staged.lease)) this.#state.staged.delete(staged);
  }

  exclusive(name: ExclusiveName): Promise<Exclusive | undefined> {
    const { exclusive } = this.#state;
    return this.#process.step('exclusive', () => {
      if (exclusive.get(name)?.alive) return undefined;
      exclusive.set(name, this.#process);
      return { release: () => this.#process.step('exclusive release', () => void exclusive.delete(name)) };
    });
  }
}
