import type { Catalog } from '../../core/catalog/catalog.js';
import type { EntryDraft, LedgerEntry } from '../../core/ledger/entry.js';
import type { Actor } from '../../core/policy/authorize.js';
import type { CapabilityId } from '../../core/policy/capabilities.js';
import { redact } from '../../core/secrets/find-secrets.js';
import { recordText } from '../../core/text/ledger-text.js';
import { type ErrorCode, HsError, isErrno } from '../../errors/hs-error.js';
import { dropCopies, tidyPacks } from '../../store/collector/tidy.js';
import { type BuildDraft, type CommitContext, commit } from '../../store/ledger/commit.js';
import type { Lease } from '../../store/port/lease-table.js';
import type { ObjectBatch } from '../../store/port/object-batch.js';
import type { Store } from '../../store/store.js';

/** The capability that every entry of a transaction needs, and the ids or names to record with a refusal. */
export interface Authority {
  readonly capability: CapabilityId;
  readonly subjects: readonly string[];
}

/** The committer: what a transaction needs from its session. */
export interface Committer {
  readonly store: Store;
  readonly actor: Actor;
  readonly commitContext: CommitContext;
  readonly signal: AbortSignal;
  isAllowed(catalog: Catalog, capability: CapabilityId): Promise<boolean>;
  warn(message: string): void;
  checkSecrets(catalog: Catalog, text: unknown, records?: boolean): Promise<void>;
}

/**
 * Errors that are refusals rather than failures. BUDGET is not included: the run's or export's own record states it.
 */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['REFUSED', 'HSK-4001', 'GUARD_BLOCKED', 'LAYER', 'PINNED']);

/** Refusals that are in a ledger already. */
const recorded = new WeakSet<HsError>();

/** Fields that may contain a user's text: the rest of a manifest or an operation is ids, hashes and hs's own words. */
const TEXTS = [
  'name',
  'filename_hint',
  'reason',
  'labels',
  'source_entity_refs',
  'entities', // the same, in an operation
  'provenance',
] as const;

function textsOf(of: Readonly<Record<string, unknown>>): unknown[] {
  return TEXTS.flatMap((key) => (of[key] === undefined ? [] : [{ [key]: of[key] }]));
}

/** Text for the record of a refusal, redacted, since the refused text may be a secret. */
function redacted(text: string): string {
  return redact(text, ['credential']).text;
}

/** REFUSED: the actor lacks the capability. */
export function lacksCapability({ type, id }: Actor, { capability, subjects }: Authority): HsError {
  const who = `${type}:${id}`;
  const what = subjects.length === 0 ? '' : ` on '${subjects[0]}'`;
  return new HsError('REFUSED', `'${who}' lacks the capability '${capability}'${what}`, {
    hint: 'hs policy show lists the grants',
    details: { capability_id: capability, actor: who, subjects },
  });
}

/**
 * The way from a decision to the ledger: objects are staged under a lease, and entries that refer to them are appended.
 * With an authority, its capability is checked for each entry at the head it is appended to, and refusals are recorded
 * (F2). Without one, the drafts carry the decision: those of exports, which depend on more than a capability and record
 * a refusal as an export (B7), and those that recovery completes.
 */
export class Transaction {
  readonly lease: Lease;
  /** Every object that an entry will reference passes through it, found or new. */
  readonly batch: ObjectBatch;
  readonly #by: Committer;
  readonly #authority: Authority | undefined;

  constructor(by: Committer, lease: Lease, authority?: Authority) {
    this.#by = by;
    this.lease = lease;
    this.#authority = authority;
    this.batch = by.store.batch(lease.token);
  }

  /**
   * Appends one entry. `build` is called with the catalog at the head, and again after each lost race. Returns
   * undefined if it found nothing to do. Once the session's signal is aborted, nothing new is committed and its reason
   * is thrown, unless the entry `records` something that has already happened.
   */
  async commit(
    build: BuildDraft,
    { records = false }: { readonly records?: boolean } = {},
  ): Promise<LedgerEntry | undefined> {
    const { store, commitContext } = this.#by;
    const signal = records ? undefined : this.#by.signal;
    const authorized = async (catalog: Catalog) => {
      signal?.throwIfAborted();
      await this.#authorize(catalog);
      const draft = await build(catalog);
      signal?.throwIfAborted();
      return draft === null ? null : this.#authorized(catalog, draft, records);
    };
    return commit(store, this.batch, commitContext, authorized, signal);
  }

  /** Searches the texts of a manifest, which are kept like those of the ledger, for secrets (I6). */
  async checkSecrets(catalog: Catalog, manifest: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#by.checkSecrets(catalog, textsOf(manifest));
  }

  async #authorize(catalog: Catalog): Promise<void> {
    if (this.#authority === undefined) return;
    if (await this.#by.isAllowed(catalog, this.#authority.capability)) return;
    throw lacksCapability(this.#by.actor, this.#authority);
  }

  async #authorized(catalog: Catalog, draft: EntryDraft, records: boolean): Promise<EntryDraft> {
    if (this.#authority === undefined) return draft;
    const ops = (draft.ops ?? []).map((op) => textsOf(op));
    await this.#by.checkSecrets(catalog, [draft.payload, ops], records);
    return { capability: this.#authority.capability, decision: 'allow', ...draft };
  }

  /**
   * Runs the work of the transaction after checking the capability. A refusal, there or by `work`, is recorded and
   * thrown.
   */
  async perform<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let done: T;
    try {
      if (this.#authority !== undefined) {
        await this.#by.store.withConfirmedCatalog((catalog) => this.#authorize(catalog), this.#by.signal);
      }
      done = await work(this);
    } catch (e) {
      // The error of a write through a descriptor names no place.
      if (isErrno(e, 'ENOSPC', 'EDQUOT')) e.path ??= this.#by.store.local.directory;
      if (this.#authority === undefined || !(e instanceof HsError) || !REFUSALS.has(e.code)) throw e;
      throw await this.refuse(e, this.#authority);
    }
    await this.#tidy();
    return done;
  }

  /** Replaces damaged objects with the good bytes that were staged, even if there was nothing to commit. */
  async #tidy(): Promise<void> {
    const { store } = this.#by;
    const { batch, lease } = this;
    if (batch.damaged.size > 0) {
      await batch.publish();
      // They are beside a damaged copy in a pack, which may be found first now and then.
      for (const id of batch.damaged) await dropCopies(store, lease.token, id);
    }
    if (batch.mayConsolidate) await tidyPacks(store, lease.token);
  }

  /** Records a refusal, once, without staged objects, and returns the error to throw (F2). */
  async refuse(error: HsError, { capability, subjects }: Authority): Promise<HsError> {
    if (recorded.has(error)) return error;
    const payload = {
      action: 'refused',
      subjects: subjects.slice(0, 20).map((s) => recordText(redacted(s), 128)),
      reason: recordText(redacted(error.message)),
    };
    try {
      await this.apart((tx) =>
        tx.commit(() => ({ type: 'capability_action', payload, capability, decision: 'deny' }), {
          records: true,
        }),
      );
    } catch (e) {
      this.#by.warn(`could not record the refusal: ${(e as Error).message}`);
    }
    recorded.add(error);
    return error;
  }

  /**
   * Runs another transaction under the same lease without a capability check; it publishes nothing that this one
   * staged.
   */
  async apart<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const tx = new Transaction(this.#by, this.lease);
    try {
      return await work(tx);
    } finally {
      await tx.discard();
    }
  }

  /** Discards objects that were staged but not committed. */
  discard(): Promise<void> {
    return this.batch.discard();
  }
}
