import type { Json } from '../../core/json/canonical.js';

/**
 * Proof that a command is running; it ends with the process, however that dies. It owns the files the command stages
 * in the store and the journal of what it does outside.
 */
export interface Lease {
  /** 24 hexadecimal digits. */
  readonly token: string;
  /** Durably appends a record of what a later command of this user must finish or undo if this one dies. */
  journal(record: Json): Promise<void>;
  /** Leaves the journal to the next writing command, as if this one had died; `release` then only unlocks the lease. */
  abandon(): void;
  release(): Promise<void>;
}

/** A lease whose owner is dead. Nobody else can judge it until it is cleared or left. */
export interface DeadLease {
  readonly token: string;
  /** The complete records that this user's own hs wrote. */
  readonly journal: readonly Json[];
  /** Whether the journal is another user's or cannot be authenticated; it is then ignored. */
  readonly foreign: boolean;
  /** User id of the owner. */
  readonly uid: number;
  /** Removes what the command staged in the store and did not publish, except run directories. */
  discardStaged(): Promise<void>;
  /** Removes the lease once its unfinished work is finished or undone. */
  clear(): Promise<void>;
  /** Leaves the lease to another command. */
  leave(): Promise<void>;
}

/** A lock with one holder at a time, freed when the holder releases it or dies. */
export interface Exclusive {
  release(): Promise<void>;
}

/** Activities limited to one command at a time. */
export type ExclusiveName = 'collector';

/**
 * The commands running on a store on this machine. A wrong "alive" only delays reclaiming; a wrong "dead" must not
 * happen.
 */
export interface LeaseTable {
  /** REFUSED in a store that is read-only for this user. */
  take(): Promise<Lease>;
  /** Tokens of all leases, live and dead, in order. */
  list(): Promise<string[]>;
  exists(token: string): Promise<boolean>;
  /** The lease if its owner is dead; undefined when it is alive, gone or cannot be judged. One judge at a time. */
  judge(token: string): Promise<DeadLease | undefined>;
  /** Removes a lease that cannot be judged or finished (`gc --assume-dead`). NOT_FOUND. */
  assumeDead(token: string): Promise<void>;
  /** Removes staged files that belong to no existing lease, as far as possible. */
  discardUnclaimed(): Promise<void>;
  /** Undefined: held by another command. INTEGRITY when something else has its name. */
  exclusive(name: ExclusiveName): Promise<Exclusive | undefined>;
}
