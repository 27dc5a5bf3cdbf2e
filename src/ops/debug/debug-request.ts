import type { DebugMode } from '../../core/debug/document-formats.js';
import type { Timestamp } from '../../core/objects/ids.js';

/** The scope of a debug bundle. */
export type DebugScope =
  | { readonly kind: 'artifact'; readonly artifact: string }
  | { readonly kind: 'job'; readonly job: string }
  | { readonly kind: 'time'; readonly since: Timestamp; readonly until?: Timestamp };

export interface DebugRequest {
  readonly scope: DebugScope;
  /** Default: `safe`. */
  readonly mode?: DebugMode;
  readonly name?: string;
  /** TTL in days, if the contents need one and have none (A6). */
  readonly ttl?: number;
}
