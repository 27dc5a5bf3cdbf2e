import type { ProgressSink } from './core/effects.js';
import type { PrunePlan } from './core/retention/prune-plan.js';
import type { DebugRequest } from './ops/debug/debug-request.js';
import type { ExportRequest } from './ops/export/export-request.js';
import type { UsageKey } from './ops/inspect/usage-keys.js';
import type { PageRequest } from './ops/page/publish-page.js';
import type { PutOptions } from './ops/put/put.js';
import type { RunRequest } from './ops/run/run-request.js';

export interface OpenOptions {
  /**
   * A `.hsstore` or the directory that contains it; else `HS_STORE`, else searched for upwards from the current
   * directory.
   */
  readonly store?: string;
  /**
   * Opens the store read-only, even if its ledger lacks entries that were seen before, as in an older copy; `warn` is
   * called then.
   */
  readonly readOnly?: boolean;
  /** `human:NAME`, `ai_job:NAME` or `plugin_tool:NAME`; else `HS_ACTOR`, else the operating system's user. */
  readonly actor?: string;
  /** The job to act for; else `HS_JOB_ID`. */
  readonly jobId?: string;
  /** The clock for retention and new artifacts; entries committed under it record that (D10). */
  readonly now?: Date;
  readonly progress?: ProgressSink;
  /** Aborts the running operation; nothing is left half done. */
  readonly signal?: AbortSignal;
  readonly warn?: (message: string) => void;
}

export interface CreateOptions extends Omit<OpenOptions, 'store' | 'readOnly'> {
  /** Allows removals under a clock set ahead of the system clock, for tests. */
  readonly allowSetClock?: boolean;
  /** Allows the group of the directory to use the store as well. */
  readonly shared?: boolean;
}

export interface ReadOptions {
  /** One file of a directory payload. */
  readonly path?: string;
}

export interface ScanOptions {
  /** Also search for e-mail addresses, telephone numbers and paths. */
  readonly personal?: boolean;
}

export type ExportOptions = Omit<ExportRequest, 'artifact' | 'place' | 'dryRun' | 'byEnding'>;

export interface PutArtifactOptions extends PutOptions {
  /** File name of a payload without a path; determines its media type. */
  readonly filenameHint?: string;
}

export interface PinOptions {
  /** Name of the pin; default the actor's name. */
  readonly name?: string;
  readonly reason?: string;
  /** When the pin expires. */
  readonly until?: Date;
}

export interface CollectStoreOptions {
  /** A saved or displayed plan: nothing that it does not list is removed (D3). */
  readonly plan?: PrunePlan;
  /** Quota in bytes, overriding the policy's. */
  readonly quotaBytes?: number;
  /** Also purge the trash, which then cannot be restored. */
  readonly emptyTrash?: boolean;
  /** If the quota cannot be met, remove all that it may; otherwise QUOTA is thrown before anything is removed. */
  readonly bestEffort?: boolean;
}

/** How to write a page; see {@link ExportOptions}. */
export type PageOptions = Pick<PageRequest, 'force' | 'target' | 'displayProjectionRef'>;

export interface UsagePageOptions extends PageOptions {
  /** The key to group by; default the kind. */
  readonly by?: UsageKey;
}

/** Contents and name of a debug bundle. */
export type DebugBundleOptions = Omit<DebugRequest, 'scope'>;

export type RunOptions = Partial<Omit<RunRequest, 'command'>>;
