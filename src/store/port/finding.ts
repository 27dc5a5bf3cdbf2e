import type { ArtifactId } from '../../core/objects/ids.js';
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

export interface RepairableFinding extends Finding {
  /**
   * The fix that `--repair` applies. It loses nothing: damaged data is never removed (D8). Returns false when it is
   * no longer possible.
   */
  readonly repair?: (under: Repairing) => Promise<boolean>;
}

export const HINT_REPAIR = 'hs fsck --repair';
export const HINT_STRAY = 'not part of the store: inspect it, then move it away';
export const HINT_WRONG_KIND = 'find out who created it, then remove it; restore the original from a copy';

/** How to recover a missing object. */
export const HINT_LOST =
  'if you have its bytes, use hs hash-object -w FILE; otherwise restore the store from a copy';
