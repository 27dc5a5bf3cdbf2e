import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import type { ObjectPlace } from './inventory.js';
import type { ObjectBatch } from './object-batch.js';

/**
 * damage: bytes or records are lost or changed and need a copy to come back; misplaced: something is in the wrong
 * place or form and nothing is lost; leftover: remains of a command that died; stray: not part of a store.
 */
export const SEVERITIES = ['damage', 'misplaced', 'leftover', 'stray'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What a repair runs under: an object batch, and the token of its lease. */
export interface Repairing {
  readonly lease: string;
  readonly batch: ObjectBatch;
}

export interface Finding {
  readonly severity: Severity;
  /** A path relative to the store, or an artifact. Already escaped for display. */
  readonly subject: string;
  readonly message: string;
  /** The suggested fix. */
  readonly hint: string;
  /** The artifact whose payload or manifest is affected. */
  readonly artifact_id?: ArtifactId;
}

/**
 * finish: complete or undo the work of a dead command; remove: a leftover; create: a directory or the lock file; chmod;
 * separate: bytes of its own for a file with several names; bring-back: an object in use from the trash; restore: bytes
 * that match their name, in the place of what is missing or damaged; drop: a damaged copy of an object in a pack, of
 * which there is an intact one; set-aside: into the quarantine.
 */
export const REPAIR_ACTIONS = [
  'finish',
  'remove',
  'create',
  'chmod',
  'separate',
  'bring-back',
  'restore',
  'drop',
  'set-aside',
] as const;

/** A repair, as the dry run, the report and the ledger show it. */
export interface RepairStep {
  readonly action: (typeof REPAIR_ACTIONS)[number];
  /** A path relative to the store, or an object. Already escaped for display. */
  readonly subject: string;
  /** Where the bytes come from. */
  readonly source?: string;
}

export interface Repair extends RepairStep {
  /** Loses nothing: damaged data is never removed (D8). False when it is no longer possible. */
  run(under: Repairing): Promise<boolean>;
}

export interface RepairableFinding extends Finding {
  /** The fix that `--repair` applies. */
  readonly repair?: Repair;
  /** The objects whose bytes would mend this. */
  readonly wanted?: readonly ObjectId[];
  /** Where the damaged copy in use is that this is about, if its bytes can be read. */
  readonly place?: ObjectPlace;
}

export const HINT_REPAIR = 'hs fsck --repair';
export const HINT_STRAY = 'not part of the store: inspect it, then move it away';
export const HINT_WRONG_KIND = 'find out who created it, then remove it; restore the original from a copy';

/** How to recover a missing object. */
export const HINT_LOST =
  'restore it from a copy: hs fsck --repair --from DIR, or hs hash-object -w FILE for a single file';
