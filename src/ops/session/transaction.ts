import type { Catalog } from '../../core/catalog/catalog.js';
import type { EntryDraft, LedgerEntry } from '../../core/ledger/entry.js';
import type { Actor } from '../../core/policy/authorize.js';
import type { CapabilityId } from '../../core/policy/capabilities.js';
import { redact } from '../../core/secrets/find-secrets.js';
import { recordText } from '../../core/text/ledger-text.js';
import { type ErrorCode, HsError, isErrno, isHsError } from '../../errors/hs-error.js';
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

/** How text is searched for secrets. */
export interface SecretsCheck {
  /** It says what has already happened: a warning must do. */
  readonly records?: boolean;
  /** Whose names the entry has, if not those of the session. */
  readonly by?: Pick<CommitContext, 'actor' | 'jobId'>;
}

interface CommitOptions {
  /** The entry records something that has already happened. */
  readonly records?: boolean;
  /** Text that another entry will record of what this one decides: searched for secrets with it. */
  readonly toCome?: () => unknown;
}

/** The committer: what a transaction needs from its session. */
export interface Committer {
  readonly store: Store;
  readonly actor: Actor;
  readonly commitContext: CommitContext;
  readonly signal: AbortSignal;
  isAllowed(catalog: Catalog, capability: CapabilityId): Promise<boolean>;
  warn(message: string): void;
  checkSecrets(catalog: Catalog, text: unknown, check?: SecretsCheck): Promise<void>;
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
  'job_id',
  'created_by_job_id', // the same, in a manifest
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

/** Who acts, for the record of a refusal: their names may be what was refused. A job's has no form that says so. */
function withoutSecrets({ actor, jobId, ...rest }: CommitContext): CommitContext {
  const id = redacted(actor.id);
  const isPlain = jobId !== undefined && redacted(jobId) === jobId;
  return { ...rest, actor: { ...actor, id }, ...(isPlain ? { jobId } : {}) };
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
   * is thrown, unless the entry `records` something that has already happened. All text of the entry is searched for
   * secrets (I6).
   */
  commit(build: BuildDraft, options: CommitOptions = {}): Promise<LedgerEntry | undefined> {
    return this.#append(build, this.#by.commitContext, options);
  }

  async #append(
    build: BuildDraft,
    context: CommitContext,
    options: CommitOptions,
  ): Promise<LedgerEntry | undefined> {
    const signal = options.records ? undefined : this.#by.signal;
    let capability: CapabilityId | undefined;
    const authorized = async (catalog: Catalog) => {
      signal?.throwIfAborted();
      await this.#authorize(catalog);
      const draft = await build(catalog);
      signal?.throwIfAborted();
      if (draft === null) return null;
      capability = draft.capability;
      await this.#checkDraft(catalog, draft, context, options);
      const authority = this.#authority;
      return authority === undefined
        ? draft
        : { capability: authority.capability, decision: 'allow' as const, ...draft };
    };
    try {
      return await commit(this.#by.store, this.batch, context, authorized, signal);
    } catch (e) {
      // Where an authority was asked, `perform` records it.
      if (this.#authority !== undefined || capability === undefined || !isHsError(e, 'REFUSED')) throw e;
      throw await this.refuse(e, { capability, subjects: [] });
    }
  }

  /** The one check of what is about to enter the ledger. */
  async #checkDraft(
    catalog: Catalog,
    draft: EntryDraft,
    by: CommitContext,
    { records = false, toCome }: CommitOptions,
  ): Promise<void> {
    const ops = (draft.ops ?? []).map((op) => textsOf(op));
    await this.#by.checkSecrets(catalog, [draft.payload, ops, await toCome?.()], { records, by });
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
        tx.#append(
          () => ({ type: 'capability_action', payload, capability, decision: 'deny' }),
          withoutSecrets(this.#by.commitContext),
          { records: true },
        ),
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
