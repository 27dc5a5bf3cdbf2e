import type { ProgressSink } from './core/effects.js';
import type { PrunePlan } from './core/retention/prune-plan.js';
import type { DebugRequest } from './ops/debug/debug-request.js';
import type { ExportRequest } from './ops/export/export-request.js';
import type { UsageKey } from './ops/inspect/usage-keys.js';
import type { PageRequest } from './ops/page/publish-page.js';
import type { PutOptions } from './ops/put/put.js';
import type { RunRequest } from './ops/run/run-request.js';

export interface OpenOptions {
  /** A `.hsstore` or the directory that holds one; else `HS_STORE`, else upwards from the current directory. */
  readonly store?: string;
  /** To read alone: also one whose ledger lacks what was seen of it, such as an older copy, of which `warn` is told. */
  readonly readOnly?: boolean;
  /** `human:NAME`, `ai_job:NAME` or `plugin_tool:NAME`; else `HS_ACTOR`, else the system's user. */
  readonly actor?: string;
  /** On behalf of which job; else `HS_JOB_ID`. */
  readonly jobId?: string;
  /** The clock that retention and new artifacts go by; what is committed under it says so (D10). */
  readonly now?: Date;
  readonly progress?: ProgressSink;
  /** Ends what is under way; nothing is left half done. */
  readonly signal?: AbortSignal;
  readonly warn?: (message: string) => void;
}

export interface CreateOptions extends Omit<OpenOptions, 'store' | 'readOnly'> {
  /** Removals may be committed under a clock that was set later than the system's: for tests. */
  readonly allowSetClock?: boolean;
  /** The group of the directory may use the store, too. */
  readonly shared?: boolean;
}

export interface ReadOptions {
  /** One file of a directory payload. */
  readonly path?: string;
}

export interface ScanOptions {
  /** Look for e-mail addresses, telephone numbers and paths, too. */
  readonly personal?: boolean;
}

export type ExportOptions = Omit<ExportRequest, 'artifact' | 'place' | 'dryRun' | 'byEnding'>;

export interface PutArtifactOptions extends PutOptions {
  /** What a payload that has no path is called; its media type follows from it. */
  readonly filenameHint?: string;
}

export interface PinOptions {
  /** Of the pin; without it the actor's own. */
  readonly name?: string;
  readonly reason?: string;
  /** When the pin ends. */
  readonly until?: Date;
}

export interface CollectStoreOptions {
  /** A plan that was saved or shown: nothing but what it lists goes (D3). */
  readonly plan?: PrunePlan;
  /** In place of the policy's (bytes). */
  readonly quotaBytes?: number;
  /** Purge what could still be brought back too. */
  readonly emptyTrash?: boolean;
  /** Go on where the quota cannot be met, and take all that it may; else QUOTA before anything goes. */
  readonly bestEffort?: boolean;
}

/** How a page is written; see {@link ExportOptions} for what these mean. */
export type PageOptions = Pick<PageRequest, 'force' | 'target' | 'displayProjectionRef'>;

export interface UsagePageOptions extends PageOptions {
  /** What the groups are of; without it, kinds. */
  readonly by?: UsageKey;
}

/** What to put into a debug bundle, and what to call it. */
export type DebugBundleOptions = Omit<DebugRequest, 'scope'>;

export type RunOptions = Partial<Omit<RunRequest, 'command'>>;
