import type { LedgerEntry } from '../../core/ledger/entry.js';
import type { EntryType } from '../../core/ledger/entry-types.js';
import type { Timestamp } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import type { ReadEntry } from '../../store/ledger/ledger.js';
import type { Session } from '../session/session.js';

/** The `at` of an entry is the system clock, which may have been set back: one older entry does not end the search. */
const OLDER_IN_A_ROW = 256;

/** Which entries, and in what order. */
export interface LedgerQuery {
  /** Sequence numbers, inclusive. */
  readonly from?: number;
  readonly to?: number;
  /** Newest first; entries before the last one taken are then never read. */
  readonly reverse?: boolean;
  readonly type?: EntryType;
  readonly since?: Timestamp;
  /** Evaluated last, since it may read the objects that an entry names. */
  readonly filter?: (entry: LedgerEntry) => Promise<boolean>;
}

async function* newestFirst(session: Session, from: number, to: number): AsyncGenerator<ReadEntry> {
  let after: LedgerEntry | undefined;
  for (let seq = to; seq >= from; seq--) {
    const read = await session.store.ledger.read(seq);
    if (after !== undefined && after.prev !== read.hash) {
      throw new HsError('LEDGER_BROKEN', `ledger entry ${seq + 1} does not follow entry ${seq}`, {
        hint: 'run hs ledger verify',
      });
    }
    after = read.entry;
    yield read;
  }
}

async function* oldestFirst(session: Session, from: number, to: number): AsyncGenerator<ReadEntry> {
  const { ledger } = session.store;
  if (from > to) return;
  const before = from === 0 ? undefined : await ledger.read(from - 1);
  yield* ledger.walk(before && { seq: from - 1, hash: before.hash }, to);
}

/** The entries that match a query, each verified against its neighbour: LEDGER_BROKEN. */
export async function* readLedger(session: Session, query: LedgerQuery): AsyncGenerator<LedgerEntry> {
  const from = query.from ?? 0;
  const to = Math.min(query.to ?? Number.MAX_SAFE_INTEGER, await session.store.ledger.headSeq());
  const entries = query.reverse ? newestFirst(session, from, to) : oldestFirst(session, from, to);
  let older = 0;
  for await (const { entry } of entries) {
    session.signal.throwIfAborted();
    if (query.since !== undefined && entry.at < query.since) {
      if (query.reverse && ++older >= OLDER_IN_A_ROW) return;
      continue;
    }
    older = 0;
    if (query.type !== undefined && entry.type !== query.type) continue;
    if (query.filter === undefined || (await query.filter(entry))) yield entry;
  }
}
