import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog, Head } from '../../core/catalog/catalog.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { encodeManifest } from '../../core/manifest/manifest.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { CapabilityId } from '../../core/policy/capabilities.js';
import { REPORT_NAME } from '../../core/retention/report.js';
import { isHsError } from '../../errors/hs-error.js';
import { LedgerFold } from '../../store/catalog/ledger-fold.js';
import { type Reclaimed, reclaim } from '../../store/collector/collector.js';
import type { Patience } from '../../store/collector/purge.js';
import { IndexReader } from '../../store/objects/index-reader.js';
import { hasFeature } from '../../store/port/format.js';
import { newManifest } from '../put/new-manifest.js';
import { factsOf } from '../put/register-artifact.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { isSound, objectsOfAll } from './payload-presence.js';
import type { Removal, RetentionState, RetentionStorage } from './retention-storage.js';

export interface StoreRetentionOptions {
  /** The capability needed to commit. */
  readonly capability: CapabilityId;
  /** Ids or names, for the record of a refusal. */
  readonly subjects?: readonly string[];
  /** How long a purge without a window waits for running commands. */
  readonly patience?: Patience | undefined;
}

/** Retention over a store on disk. Removals and marks rely on the ledger alone, never on the catalog index. */
export class StoreRetention implements RetentionStorage {
  readonly #session: Session;
  readonly #options: StoreRetentionOptions;
  readonly #fold: LedgerFold;
  readonly #indexes: IndexReader;
  /** During a commit: the position it is built on; nothing may read beyond it. */
  #at: number | undefined;

  constructor(session: Session, options: StoreRetentionOptions) {
    this.#session = session;
    this.#options = options;
    this.#fold = new LedgerFold(session.store);
    this.#indexes = new IndexReader(session.store.objects);
  }

  get storeId(): string {
    return this.#session.store.id;
  }

  get countsItems(): boolean {
    return hasFeature(this.#session.store.format, 'records-2');
  }

  async state(): Promise<RetentionState> {
    const catalog: Catalog = await this.#fold.advance(this.#at);
    return {
      head: this.#fold.head,
      lastAt: this.#fold.lastAt,
      policyId: catalog.policyId,
      policy: await this.#session.policy(catalog),
      artifacts: await catalog.live().all(),
      removed: await catalog.removed().all(),
    };
  }

  async changedSince(head: Head): Promise<boolean> {
    await this.#fold.advance(this.#at);
    return this.#fold.changedSince(head.seq);
  }

  hashAt(seq: number): Promise<ObjectId | undefined> {
    return this.#session.store.ledger.hashAt(seq);
  }

  async appliedAt(planHash: ObjectId): Promise<number | undefined> {
    await this.#fold.advance(this.#at);
    return this.#fold.appliedAt(planHash);
  }

  async objects(artifacts: readonly ArtifactRecord[]) {
    const { progress, store } = this.#session;
    progress.start('planning', artifacts.length, 'artifacts');
    const found = await objectsOfAll(store, this.#indexes, artifacts, () => progress.advance(1));
    progress.done();
    return found;
  }

  isSound(record: ArtifactRecord): Promise<boolean> {
    return isSound(this.#session.store, record);
  }

  async commit(build: () => Promise<Removal | null>): Promise<number | undefined> {
    const { capability, subjects = [] } = this.#options;
    return this.#session.write(capability, subjects, async (tx) => {
      const entry = await tx.commit(async ({ head }) => {
        this.#at = head.seq;
        try {
          const removal = await build();
          return removal === null ? null : await this.#draft(tx, removal);
        } finally {
          this.#at = undefined;
        }
      });
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

  async reclaim({ emptyTrash }: { readonly emptyTrash: boolean }): Promise<Reclaimed> {
    const session = this.#session;
    const { policy } = await this.state();
    const { capability, patience } = this.#options;
    const done = reclaim(
      session.store,
      {
        emptyTrash,
        trashDays: policy.retention.trash_days,
        signal: session.signal,
        progress: session.progress,
        ...(patience === undefined ? {} : { patience }),
        condemn: async (keysAtHead) => {
          await session.write(capability, [], (tx) =>
            tx.commit(async () => {
              const keys = await keysAtHead();
              return keys.length === 0 ? null : { type: 'objects_condemned', payload: { keys: [...keys] } };
            }),
          );
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
      this.#fold,
      this.#indexes,
    );
    // A clock that runs behind is detected outside of any commit: record the refusal.
    return done.catch((e: unknown) => {
      if (!isHsError(e, 'REFUSED')) throw e;
      return session.write(capability, [], () => Promise.reject(e));
    });
  }
}

/**
 * Read-only variant: from the catalog, which is fast, without a lease and without changes. The chain is verified as for
 * a removal: what that refuses is not planned either (D5).
 */
export class StorePreview extends StoreRetention {
  readonly #session: Session;
  #checked = false;

  constructor(session: Session) {
    super(session, { capability: 'retention.collect' });
    this.#session = session;
  }

  override async state(): Promise<RetentionState> {
    const catalog = await this.#session.catalog();
    const { head } = catalog;
    const { store } = this.#session;
    if (!this.#checked) await store.checkChain(head);
    this.#checked = true;
    const { entry } = await store.ledger.read(head.seq);
    return {
      head,
      lastAt: entry.at,
      policyId: catalog.policyId,
      policy: await this.#session.policy(catalog),
      artifacts: await catalog.live().all(),
      removed: await catalog.removed().all(),
    };
  }
}
