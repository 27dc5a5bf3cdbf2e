import type { Catalog } from '../../core/catalog/catalog.js';
import type { Clock, Environment, ProgressSink, Random, Trace } from '../../core/effects.js';
import type { EntryDraft, LedgerEntry } from '../../core/ledger/entry.js';
import { type Timestamp, toTimestamp } from '../../core/objects/ids.js';
import { type Actor, isAllowed, toActor } from '../../core/policy/authorize.js';
import type { CapabilityId } from '../../core/policy/capabilities.js';
import type { Policy } from '../../core/policy/policy.js';
import { findSecrets, namesOfSecrets } from '../../core/secrets/find-secrets.js';
import { recordText } from '../../core/text/ledger-text.js';
import { type ErrorCode, HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import { nodeIndex } from '../../fsx/sync-read-file.js';
import { dropCopies, tidyPacks } from '../../store/collector/tidy-packs.js';
import { type BuildDraft, type CommitContext, commit } from '../../store/ledger/commit.js';
import type { Lease } from '../../store/local/leases.js';
import { findStore, namedStore } from '../../store/local/locate.js';
import type { ObjectBatch } from '../../store/objects/object-batch.js';
import type { PackLimits } from '../../store/objects/pack-writer.js';
import { Store, type StorePorts } from '../../store/store.js';
import { finishDeadLeases } from '../recovery/finish-dead-leases.js';

/** What the command line knows when a store is opened. */
export interface SessionRequest {
  /** `--store` or `HS_STORE`; without it, the search goes upwards from the current directory. */
  readonly store: string | undefined;
  /** Whether the command may append to the ledger. */
  readonly writes: boolean;
  /** Nothing may be written, refusals included: who opened it said so. */
  readonly readOnly?: boolean;
  readonly disk: Disk;
  readonly clock: Clock;
  /** `--now` or `HS_NOW`, in milliseconds. */
  readonly setClock: number | undefined;
  readonly random: Random;
  readonly environment: Environment;
  /** `HS_ACTOR` as it stands. */
  readonly actor: string | undefined;
  /** `HS_JOB_ID` as it stands. */
  readonly jobId: string | undefined;
  readonly progress: ProgressSink;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
  readonly trace?: Trace;
  /** False: fold the catalog in memory and leave `cache/` alone (simulated disks, read-only stores). */
  readonly useIndex?: boolean;
  /** Other than a store's own, for tests. */
  readonly packLimits?: PackLimits;
  /**
   * True: opens although the ledger has a hole or lacks what was seen of it, for the commands that look
   * into just that. The anchor stays as it is until the ledger passed the check, or was accepted.
   */
  readonly unchecked?: boolean;
}

/** What a command that changes the store works with. All of it holds only while `write` runs. */
export interface WriteTx {
  readonly lease: Lease;
  /** Every object that the commit will reference goes through it, found or new. */
  readonly batch: ObjectBatch;
  /**
   * Appends one entry. `build` is called with the catalog at the head, and again after each lost race.
   * Undefined when it found nothing to do. Once the session's signal is aborted nothing new is committed
   * and its reason thrown, unless it `records` what has happened already.
   */
  commit(build: BuildDraft, options?: { readonly records?: boolean }): Promise<LedgerEntry | undefined>;
}

/** The operating system's name of a user may hold what an actor id may not. */
function systemActor(env: Environment): Actor {
  const id = env.userName.replace(/[^A-Za-z0-9._@+-]/g, '_').replace(/^[^A-Za-z0-9]+/, '');
  return { type: 'human', id: id === '' ? `uid-${env.uid}` : id.slice(0, 128) };
}

/**
 * What is refused rather than failed. A budget is left out: what a run or an export exceeds is in its own record.
 */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['REFUSED', 'HSK-4001', 'GUARD_BLOCKED', 'LAYER', 'PINNED']);

const JOB_ID = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$/;

/** Who acts: `HS_ACTOR`, else the operating system's user (F2). */
export function actorOf(request: Pick<SessionRequest, 'actor' | 'environment'>): Actor {
  return request.actor === undefined || request.actor === ''
    ? systemActor(request.environment)
    : toActor(request.actor);
}

/** An open store with who acts on it and by which clock: what every use case is given. */
export class Session {
  readonly store: Store;
  readonly actor: Actor;
  readonly jobId: string | undefined;
  /** One command's entries share it. */
  readonly traceId: string;
  readonly #request: SessionRequest;
  /** Refusals that are in the ledger already. */
  readonly #told = new WeakSet<HsError>();
  #policy: { id: string; policy: Policy } | undefined;
  #warnedOfSecrets = false;

  constructor(request: SessionRequest, store: Store) {
    this.#request = request;
    this.store = store;
    this.actor = actorOf(request);
    if (request.jobId !== undefined && request.jobId !== '' && !JOB_ID.test(request.jobId)) {
      throw new HsError('USAGE', `HS_JOB_ID '${request.jobId}' is not an identifier`, {
        hint: 'letters, digits and ._:/@+-, at most 128',
      });
    }
    this.jobId = request.jobId === '' ? undefined : request.jobId;
    this.traceId = request.random.uuid();
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
  /** The system's clock, whatever was set. */
  get clock(): Clock {
    return this.#request.clock;
  }
  /** Milliseconds, or undefined: no clock was set. */
  get setClock(): number | undefined {
    return this.#request.setClock;
  }
  /** The set clock, else the system's. */
  now(): Timestamp {
    return toTimestamp(this.setClock ?? this.clock.now());
  }
  warn(message: string): void {
    this.#request.warn(message);
  }

  get #context(): CommitContext {
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
    if (this.#policy?.id !== catalog.policyId) {
      this.#policy = { id: catalog.policyId, policy: await this.store.policy(catalog) };
    }
    return this.#policy.policy;
  }

  async isAllowed(catalog: Catalog, capability: CapabilityId): Promise<boolean> {
    return isAllowed(await this.policy(catalog), this.actor, capability);
  }

  #batch(lease: Lease): ObjectBatch {
    return this.store.batch(lease.token);
  }

  /** Commits under a lease that is held already, with the capability checked again at the head. */
  async #commit(
    batch: ObjectBatch,
    capability: CapabilityId,
    subjects: readonly string[],
    build: BuildDraft,
    records: boolean,
  ) {
    return commit(this.store, batch, this.#context, async (catalog) => {
      if (!records) this.signal.throwIfAborted();
      if (!(await this.isAllowed(catalog, capability))) throw this.#refusal(capability, subjects);
      const draft = await build(catalog);
      if (!records) this.signal.throwIfAborted();
      if (draft !== null) this.#warnOfSecrets(draft);
      return draft === null ? null : { capability, decision: 'allow', ...draft };
    });
  }

  /** What a person wrote stays in the ledger for ever (I6). Said once, however often a race is lost. */
  #warnOfSecrets({ payload, ops = [] }: EntryDraft): void {
    const pins = ops.filter((op) => op.op === 'pin');
    const found = namesOfSecrets(findSecrets(JSON.stringify([payload, pins])));
    if (found.length === 0 || this.#warnedOfSecrets) return;
    this.#warnedOfSecrets = true;
    this.warn(
      `what is written to the ledger looks like a secret (${found.join(', ')}), and stays there for ever`,
    );
  }

  #refusal(capability: CapabilityId, subjects: readonly string[]): HsError {
    const who = `${this.actor.type}:${this.actor.id}`;
    const what = subjects.length === 0 ? '' : ` on '${subjects[0]}'`;
    return new HsError('REFUSED', `'${who}' lacks the capability '${capability}'${what}`, {
      hint: 'hs policy show lists the grants',
      details: { capability_id: capability, actor: who, subjects },
    });
  }

  /** Appends the refusal to the ledger and returns what to throw (F2). */
  async #refuse(
    lease: Lease,
    action: string,
    capability: CapabilityId,
    subjects: readonly string[],
    error: HsError,
  ) {
    const batch = this.#batch(lease);
    try {
      await commit(this.store, batch, this.#context, () => ({
        type: 'capability_action',
        payload: {
          action,
          subjects: subjects.slice(0, 20).map((s) => recordText(s, 128)),
          reason: recordText(error.message),
        },
        capability,
        decision: 'deny',
      }));
    } catch (e) {
      this.warn(`the refusal could not be recorded: ${(e as Error).message}`);
    } finally {
      await batch.discard();
    }
    this.#told.add(error);
    return error;
  }

  /** What `run` refuses for another reason than a missing capability leaves a record, too (F2). */
  async #orRecord<T>(
    lease: Lease,
    capability: CapabilityId,
    subjects: readonly string[],
    run: () => Promise<T>,
  ): Promise<T> {
    try {
      return await run();
    } catch (e) {
      if (!(e instanceof HsError) || !REFUSALS.has(e.code) || this.#told.has(e)) throw e;
      throw await this.#refuse(lease, 'refused', capability, subjects, e);
    }
  }

  /**
   * Changes the store: under a lease, after what dead commands left was finished, with the capability
   * checked. A refusal, also one by `run`, is recorded in the ledger and thrown. `subjects` are ids or names for
   * that record; `givenUp` the leases that are not to be finished.
   */
  async write<T>(
    capability: CapabilityId,
    subjects: readonly string[],
    run: (tx: WriteTx) => Promise<T>,
    givenUp: readonly string[] = [],
  ): Promise<T> {
    this.store.demandWritable();
    const lease = await this.#leaseToWrite();
    const batch = this.#batch(lease);
    try {
      await finishDeadLeases(this, givenUp);
      if (!(await this.isAllowed(await this.catalog(), capability))) {
        throw await this.#refuse(lease, 'refused', capability, subjects, this.#refusal(capability, subjects));
      }
      const done = await this.#orRecord(lease, capability, subjects, () =>
        run({
          lease,
          batch,
          commit: (build, { records = false } = {}) =>
            this.#commit(batch, capability, subjects, build, records),
        }),
      );
      if (batch.damaged.size > 0) await this.#repair(batch, lease);
      if (batch.hasPacked) await tidyPacks(this.store, lease.token);
      return done;
    } finally {
      await batch.discard();
      await lease.release();
    }
  }

  /** Puts good bytes in the place of damaged ones, also where there was nothing to commit. */
  async #repair(batch: ObjectBatch, lease: Lease): Promise<void> {
    await batch.publish();
    // They stand beside what is damaged in a pack, which is found first now and then.
    for (const id of batch.damaged) await dropCopies(this.store, lease.token, id);
  }

  async #leaseToWrite(): Promise<Lease> {
    try {
      return await this.store.leases.take();
    } catch (e) {
      // The lease is the first thing written: what cannot be written is the store, not some file of it.
      if (!isErrno(e, 'EROFS', 'EACCES', 'EPERM')) throw e;
      throw Object.assign(e, { syscall: 'write to', path: this.store.layout.root });
    }
  }

  /** Records that something was refused for another reason than a missing capability, and returns the error. */
  async recordRefusal(tx: WriteTx, capability: CapabilityId, subjects: readonly string[], error: HsError) {
    return this.#refuse(tx.lease, 'refused', capability, subjects, error);
  }

  /** Reads payloads under a lease, so that no collector purges them meanwhile; without one where the store is read-only. */
  async read<T>(run: (catalog: Catalog) => Promise<T>): Promise<T> {
    let lease: Lease | undefined;
    try {
      lease = await this.store.leases.take();
    } catch (e) {
      // Nor in a store of another user, where it would be one that they cannot judge.
      if (!isErrno(e, 'EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT') && !isHsError(e, 'REFUSED')) throw e;
    }
    try {
      // A session that lives long would read on in packs that others have taken apart, or purged.
      await this.store.objects.packs?.refresh();
      return await run(await this.catalog());
    } finally {
      await lease?.release();
    }
  }

  /** Throws REFUSED, recorded, unless the actor holds the capability. For reads; nothing is recorded when allowed (D5). */
  async demand(catalog: Catalog, capability: CapabilityId, subjects: readonly string[]): Promise<void> {
    if (await this.isAllowed(catalog, capability)) return;
    const error = this.#refusal(capability, subjects);
    let lease: Lease;
    try {
      lease = await this.store.leases.take();
    } catch (e) {
      if (!isErrno(e) && !isHsError(e, 'REFUSED')) throw e;
      this.warn(`the refusal could not be recorded: ${e.message}`);
      throw error;
    }
    try {
      throw await this.#refuse(lease, 'refused', capability, subjects, error);
    } finally {
      await lease.release();
    }
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

/** An older copy of a store, on a medium that keeps it so for one, can be read: only to write on in it needs a word. */
async function checkHead(store: Store, { writes, warn }: SessionRequest): Promise<void> {
  try {
    await store.checkedHead();
  } catch (e) {
    if (writes || !isHsError(e, 'ROLLED_BACK')) throw e;
    store.readOnlyBecause(e);
    warn(`${e.message}; what it holds can be read, and nothing written`);
  }
}

/** Finds and opens the store, and checks its ledger against the anchor. */
export async function openSession(request: SessionRequest): Promise<Session> {
  const { disk, environment } = request;
  const { root, doubt, warning } =
    request.store === undefined || request.store === ''
      ? await findStore(disk, environment.cwd, environment.uid)
      : await namedStore(disk, request.store);
  const ports: StorePorts = {
    disk,
    clock: request.clock,
    random: request.random,
    env: environment,
    ...(request.useIndex === false ? {} : { index: nodeIndex }),
    ...(request.trace === undefined ? {} : { trace: request.trace }),
    ...(request.writes ? { warn: request.warn } : {}),
    ...(request.packLimits === undefined ? {} : { packLimits: request.packLimits }),
  };
  const store = await Store.open(ports, root).catch((e) => {
    throw doubt !== undefined && isErrno(e, 'EACCES', 'EPERM') ? doubt : e;
  });
  try {
    await store.meet(request.unchecked !== true, doubt);
  } catch (e) {
    await store.close();
    throw e;
  }
  if (warning !== undefined) request.warn(warning);
  if (request.unchecked) store.holdAnchor();
  else await checkHead(store, request);
  if (request.readOnly) store.readOnlyBecause(new HsError('USAGE', 'the store was opened only to be read'));
  const session = new Session(request, store);
  const { type, id } = session.actor;
  request.trace?.({ event: 'store', root, store_id: store.format.store_id, actor: `${type}:${id}` });
  return session;
}
