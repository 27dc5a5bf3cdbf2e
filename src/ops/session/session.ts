import type { Catalog } from '../../core/catalog/catalog.js';
import type { Clock, Environment, ProgressSink, Random } from '../../core/effects.js';
import { type Timestamp, toTimestamp } from '../../core/objects/ids.js';
import { isS3Url } from '../../core/paths/s3-url.js';
import { type Actor, isAllowed } from '../../core/policy/authorize.js';
import type { CapabilityId } from '../../core/policy/capabilities.js';
import type { Policy } from '../../core/policy/policy.js';
import { namesInValue } from '../../core/secrets/find-secrets.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import type { CommitContext } from '../../store/ledger/commit.js';
import type { Lease } from '../../store/port/lease-table.js';
import type { Store } from '../../store/store.js';
import { DamageRecord } from './damage-record.js';
import { actorOf, jobIdOf, type SessionRequest } from './session-request.js';
import { type Authority, lacksCapability, type SecretsCheck, Transaction } from './transaction.js';

/** Finishes the work of dead commands; provided by the code that opens the session. */
export interface Recovery {
  /**
   * Called before each transaction, under its lease. Unfinishable work is reported and left; throws only errors that
   * would stop any command. `givenUp` are leases to leave alone.
   */
  finishDeadLeases(session: Session, tx: Transaction, givenUp: readonly string[]): Promise<void>;
}

/** What the sessions of one opening have in common. */
interface Shared {
  readonly traceId: string;
  readonly damage: DamageRecord;
  policy?: { readonly id: string; readonly policy: Policy };
  warnedOfSecrets?: boolean;
}

/** An open store with its actor and clock, passed to every operation. */
export class Session {
  readonly store: Store;
  readonly actor: Actor;
  readonly jobId: string | undefined;
  /** Shared by all entries of one command. */
  readonly traceId: string;
  readonly #request: SessionRequest;
  readonly #recovery: Recovery;
  readonly #shared: Shared;

  constructor(request: SessionRequest, store: Store, recovery: Recovery, shared?: Shared) {
    this.#request = request;
    this.#recovery = recovery;
    this.store = store;
    this.actor = actorOf(request);
    this.jobId = jobIdOf(request);
    this.#shared = shared ?? { traceId: request.random.uuid(), damage: new DamageRecord(this) };
    this.traceId = this.#shared.traceId;
  }

  /** The same session with the signal and progress of one call; the signal it was opened with still counts. */
  during(call: { readonly signal?: AbortSignal; readonly progress?: ProgressSink }): Session {
    if (call.signal === undefined && call.progress === undefined) return this;
    const { signal = this.signal, progress = this.progress } = call;
    const request = { ...this.#request, progress, signal: AbortSignal.any([this.signal, signal]) };
    return new Session(request, this.store, this.#recovery, this.#shared);
  }

  /** The disk outside the store: sources and destinations. */
  get disk(): Disk {
    return this.#request.disk;
  }
  get random(): Random {
    return this.#request.random;
  }
  get environment(): Environment {
    return this.#request.environment;
  }
  get progress(): ProgressSink {
    return this.#request.progress;
  }
  get signal(): AbortSignal {
    return this.#request.signal;
  }
  /** The system clock, even if another clock is set. */
  get clock(): Clock {
    return this.#request.clock;
  }
  /** Milliseconds, or undefined if no clock is set. */
  get setClock(): number | undefined {
    return this.#request.setClock;
  }
  /** The set clock, else the system clock. */
  now(): Timestamp {
    return toTimestamp(this.setClock ?? this.clock.now());
  }
  warn(message: string): void {
    this.#request.warn(message);
  }

  /** The store, as people find it: what was typed for one on a service, else its directory. */
  get address(): string {
    const typed = this.#request.store;
    return isS3Url(typed) ? typed : this.store.local.directory;
  }

  get commitContext(): CommitContext {
    return {
      actor: this.actor,
      traceId: this.traceId,
      ...(this.jobId === undefined ? {} : { jobId: this.jobId }),
      ...(this.setClock === undefined ? {} : { setClock: this.setClock }),
    };
  }

  /** The state at the head. */
  catalog(): Promise<Catalog> {
    return this.store.catalog(this.signal);
  }

  async policy(catalog: Catalog): Promise<Policy> {
    const known = this.#shared.policy;
    if (known?.id === catalog.policyId) return known.policy;
    const policy = await this.store.policy(catalog);
    this.#shared.policy = { id: catalog.policyId, policy };
    return policy;
  }

  async isAllowed(catalog: Catalog, capability: CapabilityId): Promise<boolean> {
    return isAllowed(await this.policy(catalog), this.actor, capability);
  }

  /**
   * Searches text that will be kept forever for secrets (I6): a warning, once per session, or REFUSED if the policy
   * requires it, unless the text `records` something that has already happened. With it go the names of who acts.
   */
  async checkSecrets(
    catalog: Catalog,
    text: unknown,
    { records = false, by = this.commitContext }: SecretsCheck = {},
  ): Promise<void> {
    const found = namesInValue([text, by.actor.id, by.jobId]);
    if (found.length === 0) return;
    const what = `looks like a secret (${found.join(', ')})`;
    if (!records && (await this.policy(catalog)).secrets?.on_detect === 'refuse') {
      throw new HsError('REFUSED', `text for the ledger ${what}`, {
        hint: 'the policy refuses it (secrets.on_detect): leave the secret out of names, labels, arguments, reasons, destinations, HS_ACTOR and HS_JOB_ID',
        details: { detectors: found },
      });
    }
    if (this.#shared.warnedOfSecrets) return;
    this.#shared.warnedOfSecrets = true;
    this.warn(`text in the ledger ${what}; it cannot be removed from there`);
  }

  /**
   * Changes the store in one transaction: under a lease, after finishing the work of dead commands, with the capability
   * checked. A refusal, also one thrown by `work`, is recorded in the ledger and rethrown. `subjects` are ids or names
   * for that record; `givenUp` are leases not to be finished.
   */
  write<T>(
    capability: CapabilityId,
    subjects: readonly string[],
    work: (tx: Transaction) => Promise<T>,
    givenUp: readonly string[] = [],
  ): Promise<T> {
    return this.#transact({ capability, subjects }, work, givenUp);
  }

  /**
   * Like {@link write} for operations that decide themselves: checks no capability; each draft carries its decision.
   */
  writeDecided<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#transact(undefined, work, []);
  }

  async #transact<T>(
    authority: Authority | undefined,
    work: (tx: Transaction) => Promise<T>,
    givenUp: readonly string[],
  ): Promise<T> {
    this.store.demandWritable();
    const lease = await this.store.leases.take();
    const tx = new Transaction(this, lease, authority);
    try {
      await this.#recovery.finishDeadLeases(this, tx, givenUp);
      return await tx.perform(work);
    } finally {
      await this.#shared.damage.note(lease);
      await tx.discard();
      await lease.release();
    }
  }

  /**
   * Reads payloads under a lease, so that no collector purges them meanwhile; without one if the store is read-only.
   */
  async read<T>(run: (catalog: Catalog) => Promise<T>): Promise<T> {
    const lease = await this.#leaseToRead();
    try {
      return await run(await this.#catalogToRead());
    } finally {
      await this.#shared.damage.note(lease);
      await lease?.release();
    }
  }

  /** Like {@link read} for a stream, until the caller stops. */
  async *readPieces<T>(run: (catalog: Catalog) => AsyncIterable<T>): AsyncGenerator<T, void> {
    const lease = await this.#leaseToRead();
    try {
      yield* run(await this.#catalogToRead());
    } finally {
      await this.#shared.damage.note(lease);
      await lease?.release();
    }
  }

  async #leaseToRead(): Promise<Lease | undefined> {
    try {
      return await this.store.leases.take();
    } catch (e) {
      // Nor in another user's store, where they could not determine its liveness.
      if (!isErrno(e, 'EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT') && !isHsError(e, 'REFUSED')) throw e;
      return undefined;
    }
  }

  async #catalogToRead(): Promise<Catalog> {
    // A long-lived session would otherwise read packs that others have repacked or purged.
    await this.store.objects.refresh();
    return this.catalog();
  }

  /** Throws REFUSED, recorded, unless the actor has the capability. For reads; success is not recorded (D5). */
  async demand(catalog: Catalog, capability: CapabilityId, subjects: readonly string[]): Promise<void> {
    if (await this.isAllowed(catalog, capability)) return;
    const authority = { capability, subjects };
    const error = lacksCapability(this.actor, authority);
    let lease: Lease;
    try {
      lease = await this.store.leases.take();
    } catch (e) {
      if (!isErrno(e) && !isHsError(e, 'REFUSED')) throw e;
      this.warn(`could not record the refusal: ${e.message}`);
      throw error;
    }
    try {
      throw await new Transaction(this, lease).refuse(error, authority);
    } finally {
      await lease.release();
    }
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
