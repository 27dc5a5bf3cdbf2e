import type { Json } from '../../core/json/canonical.js';

/**
 * A sign that a command is at work, which ends with it however it dies. With it go what the command staged in
 * the store, and its journal of what it does outside.
 */
export interface Lease {
  /** 24 hexadecimal digits. */
  readonly token: string;
  /** Appends a record durably: what a later command of this user must finish or undo if this one dies. */
  journal(record: Json): Promise<void>;
  /** Leaves the journal to the next writing command, as if this one had died: `release` then only gives it up. */
  abandon(): void;
  release(): Promise<void>;
}

/** A lease whose owner is dead, which nobody else can judge until it is cleared or left. */
export interface DeadLease {
  readonly token: string;
  /** What this user's own hs wrote there, each record whole. */
  readonly journal: readonly Json[];
  /** The journal is somebody else's, or cannot be known as ours, and says nothing. */
  readonly foreign: boolean;
  /** Who owns it. */
  readonly uid: number;
  /** Removes what its command staged in the store and did not publish, but for directories of runs. */
  discardStaged(): Promise<void>;
  /** Removes it: what it had begun is finished or undone. */
  clear(): Promise<void>;
  /** Leaves it for another command. */
  leave(): Promise<void>;
}

/** Held by one at a time, and free again when its holder lets go or dies. */
export interface Exclusive {
  release(): Promise<void>;
}

/** What only one command at a time does. */
export type ExclusiveName = 'collector';

/**
 * The commands at work on a store, as far as they can meet: those of this machine. A wrong "alive" only delays
 * reclaiming; a wrong "dead" must not be.
 */
export interface LeaseTable {
  /** REFUSED in a store that may only be read by this user. */
  take(): Promise<Lease>;
  /** Tokens of all that are there, the dead ones too, in order. */
  list(): Promise<string[]>;
  exists(token: string): Promise<boolean>;
  /** The lease if its owner is dead; undefined when it lives, is gone, or cannot be judged. One judge at a time. */
  judge(token: string): Promise<DeadLease | undefined>;
  /** Takes away a lease that cannot be judged or finished (`gc --assume-dead`). NOT_FOUND. */
  assumeDead(token: string): Promise<void>;
  /** Removes what was staged under no lease that is there, as far as that can be. */
  discardUnclaimed(): Promise<void>;
  /** Undefined: another one has it. INTEGRITY where something else is in its place. */
  exclusive(name: ExclusiveName): Promise<Exclusive | undefined>;
}
