import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog, Head } from '../../core/catalog/catalog.js';
import { TablesDamaged } from '../../core/catalog/key-tables.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { encodeManifest } from '../../core/manifest/manifest.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { CapabilityId } from '../../core/policy/capabilities.js';
import { REPORT_NAME } from '../../core/retention/report.js';
import { isHsError } from '../../errors/hs-error.js';
import type { Patience } from '../../store/collector/await-leases.js';
import { type Reclaimed, reclaim } from '../../store/collector/collector.js';
import type { ReclaimScope } from '../../store/collector/reclaim-scope.js';
import { IndexReader } from '../../store/objects/index-reader.js';
import { hasFeature } from '../../store/port/format.js';
import { completerOf } from '../naming/complete-facts.js';
import { newManifest } from '../put/new-manifest.js';
import { factsOf } from '../put/register-artifact.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { isSound } from './payload-presence.js';
import type { Removal, RetentionPort, RetentionState } from './retention-port.js';
import { recordsOfRows, type ScannedState, scanState } from './scan-state.js';

export interface StoreRetentionOptions {
  /** The capability needed to commit. */
  readonly capability: CapabilityId;
  /** Ids or names, for the record of a refusal. */
  readonly subjects?: readonly string[];
  /** How long a purge without a window waits for running commands. */
  readonly patience?: Patience | undefined;
}

/** A state of a store, with what a mark of it does not reach. */
export interface StoreState extends RetentionState, ScannedState {
  readonly unreferenced: ScannedState['unreferenced'];
}

/**
 * Retention over a store. Removals and marks go by the catalog, as far as it proves itself, and else by a fold of the
 * ledger.
 */
export class StoreRetention implements RetentionPort {
  readonly #session: Session;
  readonly #options: StoreRetentionOptions;
  readonly #indexes: IndexReader;
  /** During a commit: the state it is built on; nothing may read beyond it. */
  #at: Catalog | undefined;

  constructor(session: Session, options: StoreRetentionOptions) {
    this.#session = session;
    this.#options = options;
    this.#indexes = new IndexReader(session.store.objects);
  }

  get storeId(): string {
    return this.#session.store.id;
  }

  get countsItems(): boolean {
    return hasFeature(this.#session.store.format, 'records-2');
  }

  /** Whether its reports list every artifact. */
  get hasLongReports(): boolean {
    return !hasFeature(this.#session.store.format, 'reports-2');
  }

  /** Looks at the state that a commit is built on, or else at the head; the catalog proves itself meanwhile. */
  #look<T>(look: (catalog: Catalog) => Promise<T>): Promise<T> {
    return this.#at === undefined
      ? this.#session.store.withProvenCatalog(look, this.#session.signal)
      : look(this.#at);
  }

  state(): Promise<StoreState> {
    const { progress, signal, store } = this.#session;
    return this.#look(async (catalog) => {
      progress.start('planning', catalog.counts.live, 'artifacts');
      const scanned = await scanState(store, catalog, this.#indexes, () => progress.advance(1));
      progress.done();
      // What follows computes, without a word to the event loop, as long as the listing of the objects did.
      signal.throwIfAborted();
      return {
        ...scanned,
        head: catalog.head,
        lastAt: catalog.lastAt,
        policyId: catalog.policyId,
        policy: await this.#session.policy(catalog),
      };
    });
  }

  records(state: RetentionState, rows: ArrayLike<number>) {
    const { mark, artifacts } = state as StoreState;
    this.#session.signal.throwIfAborted();
    return recordsOfRows(mark.catalog, artifacts, rows);
  }

  changedSince({ seq }: Head): Promise<boolean> {
    return this.#look(async (catalog) => catalog.changedSince(seq));
  }

  hashAt(seq: number): Promise<ObjectId | undefined> {
    return this.#session.store.ledger.hashAt(seq);
  }

  appliedAt(planHash: ObjectId): Promise<number | undefined> {
    return this.#look((catalog) => catalog.appliedAt(planHash));
  }

  get complete() {
    return completerOf(this.#session);
  }

  isSound(record: ArtifactRecord): Promise<boolean> {
    return isSound(this.#session.store, record);
  }

  async commit(build: () => Promise<Removal | null>): Promise<number | undefined> {
    try {
      return await this.#commit(build);
    } catch (e) {
      if (!(e instanceof TablesDamaged)) throw e;
      await this.#session.store.index?.discard(e);
      return this.#commit(build);
    }
  }

  async #commit(build: () => Promise<Removal | null>): Promise<number | undefined> {
    const { capability, subjects = [] } = this.#options;
    return this.#session.write(capability, subjects, async (tx) => {
      let removal: Removal | null = null;
      const draft = async (catalog: Catalog) => {
        this.#at = catalog;
        try {
          removal = await build();
          return removal === null ? null : await this.#draft(tx, removal);
        } finally {
          this.#at = undefined;
        }
      };
      const entry = await tx.commit(draft, { toCome: () => ({ reason: removal?.report.reason }) });
      return entry?.seq;
    });
  }

  async #draft(tx: Transaction, { remove, report, summary }: Removal) {
    const payload = await tx.batch.addBytes(report.bytes);
    const manifest = newManifest(this.#session, {
      artifact_id: report.artifact_id,
      kind: 'report',
      name: REPORT_NAME,
      mime: 'application/jsonl',
      content_hash: payload.id,
      size_bytes: payload.size,
      ...report.sensitivity,
    });
    const stored = await tx.batch.addBytes(encodeManifest(manifest));
    const ops: LedgerOp[] = [
      { op: 'add', ...factsOf(manifest, stored) },
      ...remove.map(
        ({ artifact_id, purge }): LedgerOp =>
          purge ? { op: 'remove', artifact_id, purge } : { op: 'remove', artifact_id },
      ),
    ];
    const takes = payload.size + stored.size;
    return { type: 'meta.gc_summary' as const, payload: summary(takes), ops };
  }

  async reclaim(scope: ReclaimScope): Promise<Reclaimed> {
    const session = this.#session;
    try {
      // Who acts, before bytes go: what is recorded after that is not refused.
      await session.checkSecrets(await session.catalog(), []);
      return await this.#reclaim(scope);
    } catch (e) {
      // Also a clock that runs behind is detected outside of any commit: record the refusal.
      if (!isHsError(e, 'REFUSED')) throw e;
      return session.write(this.#options.capability, [], () => Promise.reject(e));
    }
  }

  async #reclaim({ emptyTrash, repack }: ReclaimScope): Promise<Reclaimed> {
    const session = this.#session;
    const policy = await session.policy(await session.catalog());
    const { capability, patience } = this.#options;
    return reclaim(
      session.store,
      {
        emptyTrash,
        repack,
        trashDays: policy.retention.trash_days,
        signal: session.signal,
        progress: session.progress,
        ...(patience === undefined ? {} : { patience }),
        condemn: async (keysAtHead) => {
          const entry = await session.write(capability, [], (tx) =>
            tx.commit(async () => {
              const keys = await keysAtHead();
              return keys.length === 0 ? null : { type: 'objects_condemned', payload: { keys: [...keys] } };
            }),
          );
          return entry !== undefined;
        },
        record: async (purged) => {
          await session.write(capability, [], (tx) =>
            tx.commit(
              () => ({ type: 'objects_purged', payload: { ...purged, batches: [...purged.batches] } }),
              { records: true },
            ),
          );
        },
      },
      this.#indexes,
    );
  }
}

/** Read-only variant: without a lease and without changes (D5). */
export class StorePreview extends StoreRetention {
  constructor(session: Session) {
    super(session, { capability: 'retention.collect' });
  }
}
