import type { Head } from '../core/catalog/catalog.js';
import type { Checkpoint } from '../core/evidence/checkpoint.js';
import { canonicalText } from '../core/json/canonical.js';
import type { LedgerEntry } from '../core/ledger/entry.js';
import type { SignedCheckpoint } from '../ops/evidence/sign-checkpoint.js';
import { followHistory, history } from '../ops/inspect/history.js';
import { readLedger } from '../ops/inspect/read-ledger.js';
import type { LedgerVerdict } from '../store/ledger/ledger-verdict.js';
import * as given from './arguments.js';
import { camelCasedEach } from './camel-case.js';
import { LineageMethods } from './lineage-methods.js';
import type { CallOptions, FollowOptions, HistoryOptions, LedgerOptions, SignOptions } from './options.js';
import type { HistoryRow } from './results.js';

/** The ledger: history, entries, notes, checkpoints and proofs. */
export class LedgerMethods extends LineageMethods {
  /**
   * The history, newest first (`hs log`).
   *
   * @example
   * const types = [];
   * for await (const row of store.history({ artifact: 'report' })) types.push(row.type);
   * types; // → ['artifact_created']
   */
  async *history(options: HistoryOptions & CallOptions = {}): AsyncGenerator<HistoryRow, void> {
    const [session, query] = this.begin(given.historyOptions(options));
    await session.store.anchor.recheck();
    yield* camelCasedEach(history(session, query));
  }

  /**
   * The last entries of the history, oldest first, then each new one as it is appended (`hs log --follow`). It ends when
   * the caller leaves the loop, when `signal` is aborted, or when the store is closed.
   *
   * @example
   * const seen = [];
   * for await (const row of store.follow({ last: 1 })) {
   *   seen.push(row.type);
   *   if (seen.length === 1) await store.note('go on');
   *   else break;
   * }
   * seen; // → ['artifact_created', 'note']
   */
  async *follow(options: FollowOptions & CallOptions = {}): AsyncGenerator<HistoryRow, void> {
    const [session, { last = 0, ...query }] = this.begin(given.followOptions(options));
    await session.store.anchor.recheck();
    const until = AbortSignal.any([session.signal, this.closing]);
    try {
      yield* camelCasedEach(followHistory(session, query, last, until));
    } catch (e) {
      if (!this.closing.aborted) throw e;
    }
  }

  /**
   * Number and hash of the newest entry (`hs ledger head`).
   *
   * @example
   * (await store.ledgerHead()).seq; // → 2
   */
  async ledgerHead(options: CallOptions = {}): Promise<Head> {
    const [session] = this.begin(given.callOptions(options));
    await session.store.anchor.recheck();
    return session.store.ledger.head();
  }

  /**
   * The entries themselves, each checked to follow the one before it, oldest first unless `reverse` (`hs ledger cat`).
   *
   * @example
   * const entries = [];
   * for await (const entry of store.ledgerEntries({ from: 1, to: 2 })) entries.push(entry);
   * entries.map((entry) => entry.type); // → ['artifact_created', 'artifact_created']
   */
  async *ledgerEntries(options: LedgerOptions & CallOptions = {}): AsyncGenerator<LedgerEntry, void> {
    const [session, query] = this.begin(given.ledgerOptions(options));
    await session.store.anchor.recheck();
    yield* readLedger(session, query);
  }

  /**
   * Appends a note (`hs ledger append-note`). Returns its sequence number.
   *
   * @example
   * await store.note('moved to the new machine'); // → 3
   */
  async note(text: string, options: CallOptions = {}): Promise<number> {
    const [session] = this.begin(given.callOptions(options));
    const { appendNote } = await import('../ops/govern/ledger-note.js');
    return (await appendNote(session, given.text(text, 'text'))).seq;
  }

  /**
   * Verifies the whole ledger and names each problem precisely (`hs ledger verify`).
   *
   * @example
   * const { entries, problems } = await store.verifyLedger();
   * [entries, problems]; // → [3, []]
   */
  async verifyLedger(options: CallOptions = {}): Promise<LedgerVerdict> {
    const [session] = this.begin(given.callOptions(options));
    const { verifyLedger } = await import('../store/ledger/verify-ledger.js');
    return verifyLedger(session.store, session.progress, session.signal);
  }

  /**
   * A signed checkpoint of the ledger; writes nothing (`hs ledger sign`). `key` is the file of an Ed25519 private key, or
   * `ssh-agent`.
   *
   * @example
   * const { note, checkpoint } = await store.signLedger('key.pem', { name: 'ada' });
   * [checkpoint.size, note.includes('— ada ')]; // → [3, true]
   */
  async signLedger(key: string, options: SignOptions & CallOptions = {}): Promise<SignedCheckpoint> {
    const [session, rest] = this.begin(given.signOptions(options));
    const { signCheckpoint } = await import('../ops/evidence/sign-checkpoint.js');
    return signCheckpoint(session, { key: this.key(key), ...rest });
  }

  /**
   * Compares the ledger with a checkpoint signed by this key (`hs ledger verify --checkpoint`): INTEGRITY, CONFLICT,
   * ROLLED_BACK or LEDGER_BROKEN if it does not begin with those entries.
   *
   * @example
   * const { note, verifierKey } = await store.signLedger('key.pem');
   * await store.note('the ledger grows');
   * (await store.compareWithCheckpoint(note, verifierKey)).size; // → 3
   */
  async compareWithCheckpoint(
    note: string,
    publicKey: string,
    options: CallOptions = {},
  ): Promise<Checkpoint> {
    const [session] = this.begin(given.callOptions(options));
    const [{ compareWithCheckpoint }, { parsePublicKey }] = await Promise.all([
      import('../ops/evidence/prove.js'),
      import('../core/evidence/keys.js'),
    ]);
    const key = parsePublicKey(given.text(publicKey, 'publicKey'));
    return compareWithCheckpoint(session, given.text(note, 'note'), key);
  }

  /**
   * Proves that an entry is in the ledger of a checkpoint, for `verifyProof` (`hs ledger prove`).
   *
   * @example
   * const { note, verifierKey } = await store.signLedger('key.pem');
   * const proof = await store.proveEntry(1, note);
   * verifyProof(proof, verifierKey).entry.type; // → 'artifact_created'
   */
  async proveEntry(seq: number, checkpoint: string, options: CallOptions = {}): Promise<string> {
    const [session] = this.begin(given.callOptions(options));
    const { proveInclusion } = await import('../ops/evidence/prove.js');
    const [number, note] = [given.count(seq, 'seq'), given.text(checkpoint, 'checkpoint')];
    return canonicalText(await proveInclusion(session, number, note));
  }

  /**
   * Proves that the ledger of a newer checkpoint extends that of an older one (`hs ledger prove --from`).
   *
   * @example
   * const older = await store.signLedger('key.pem');
   * await store.note('the ledger grows');
   * const newer = await store.signLedger('key.pem');
   * const proof = await store.proveGrowth(older.note, newer.note);
   * verifyProof(proof, newer.verifierKey).older.size; // → 3
   */
  async proveGrowth(older: string, newer: string, options: CallOptions = {}): Promise<string> {
    const [session] = this.begin(given.callOptions(options));
    const { proveConsistency } = await import('../ops/evidence/prove.js');
    const notes = [given.text(older, 'older'), given.text(newer, 'newer')] as const;
    return canonicalText(await proveConsistency(session, ...notes));
  }
}
