import { type LedgerEntry, MAX_ENTRY_BYTES } from '../../core/ledger/entry.js';
import { brokenLedger } from '../ledger/ledger.js';
import type { LedgerListing, LedgerStore, UnreadableEntry } from '../port/ledger-store.js';
import type { MemoryProcess, MemoryState } from './memory-state.js';

/** Checking and taking a number in one step is a compare-and-swap. */
export class MemoryLedger implements LedgerStore {
  readonly #state: MemoryState;
  readonly #process: MemoryProcess;

  constructor(state: MemoryState, process: MemoryProcess) {
    this.#state = state;
    this.#process = process;
  }

  headSeq(): Promise<number> {
    const { entries } = this.#state;
    return this.#process.step('ledger head', () => {
      if (entries.size === 0) throw brokenLedger('the ledger has no entries');
      let highest = 0;
      for (const seq of entries.keys()) highest = Math.max(highest, seq);
      if (entries.size !== highest + 1) {
        throw brokenLedger(`the ledger has a hole: an entry before number ${highest} is missing`);
      }
      return highest;
    });
  }

  /** No-op: every look is fresh. */
  refresh(): void {}
  async assumeHead(): Promise<boolean> {
    return false;
  }
  async confirm(): Promise<void> {}

  read(seq: number): Promise<Uint8Array | UnreadableEntry | undefined> {
    return this.#process.step('ledger read', () => {
      const bytes = this.#state.entries.get(seq);
      return bytes !== undefined && bytes.byteLength > MAX_ENTRY_BYTES ? 'too large' : bytes;
    });
  }

  append({ seq }: Pick<LedgerEntry, 'seq'>, bytes: Uint8Array): Promise<'appended' | 'taken'> {
    const { entries } = this.#state;
    return this.#process.step('ledger append', () => {
      if (entries.has(seq)) return 'taken';
      entries.set(seq, Uint8Array.from(bytes));
      return 'appended';
    });
  }

  /** No-op: memory has no notion of durability. */
  async settle(): Promise<void> {}

  list(): Promise<LedgerListing> {
    return this.#process.step('ledger list', () => ({
      numbers: [...this.#state.entries.keys()].sort((a, b) => a - b),
      strays: [],
    }));
  }

  nameOf(seq: number): string {
    return `ledger entry ${seq}`;
  }
}
