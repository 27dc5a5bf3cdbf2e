import type { ArtifactId } from '../../core/objects/ids.js';
import type { ObjectBatch } from './object-batch.js';

/**
 * damage: bytes or records are lost or changed, and only a copy brings them back; misplaced: something
 * is not where or as it should be, and nothing is lost; leftover: what a command that died has left;
 * stray: it does not belong in a store.
 */
export const SEVERITIES = ['damage', 'misplaced', 'leftover', 'stray'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What something is repaired under: a batch for objects, and the token of the lease that it is made under. */
export interface Repairing {
  readonly lease: string;
  readonly batch: ObjectBatch;
}

export interface Finding {
  readonly severity: Severity;
  /** A path relative to the store, or an artifact. Shown as it is: names are escaped already. */
  readonly subject: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  /** Whose payload or manifest it is about. */
  readonly artifact_id?: ArtifactId;
}

export interface RepairableFinding extends Finding {
  /**
   * What `--repair` does about it, without losing anything: nothing that is damaged is ever removed (D8). False:
   * that cannot be done any more.
   */
  readonly repair?: (under: Repairing) => Promise<boolean>;
}

export const HINT_REPAIR = 'hs fsck --repair';
export const HINT_STRAY = 'not part of the store: inspect it, then move it away';
export const HINT_WRONG_KIND = 'find out who created it, then remove it; restore the original from a copy';

/** How a missing object comes back. */
export const HINT_LOST =
  'if you have its bytes, use hs hash-object -w FILE; otherwise restore the store from a copy';
