import type { TotalField } from '../core/catalog/totals.js';
import type { ProgressSink } from '../core/effects.js';
import type { Filter } from '../core/query/condition.js';
import type { PrunePlan } from '../core/retention/prune-plan.js';
import type { DebugRequest } from '../ops/debug/debug-request.js';
import type { ExportRequest } from '../ops/export/export-request.js';
import type { FsckOptions } from '../ops/fsck/fsck.js';
import type { RetainChange } from '../ops/govern/retain.js';
import type { NamedPolicy } from '../ops/govern/set-policy.js';
import type { HistoryQuery } from '../ops/inspect/history.js';
import type { LineageQuery } from '../ops/inspect/lineage.js';
import type { ListQuery } from '../ops/inspect/list-artifacts.js';
import type { LedgerQuery } from '../ops/inspect/read-ledger.js';
import type { UsageKey } from '../ops/inspect/usage-keys.js';
import type { PageRequest } from '../ops/page/publish-page.js';
import type { PutOptions as PutRequest } from '../ops/put/put.js';
import type { ExpectedPayload } from '../ops/put/put-source.js';
import type { RunRequest } from '../ops/run/run-request.js';
import type { TransferRequest } from '../ops/transfer/transfer-request.js';

/** What every method takes, besides its own options. */
export interface CallOptions {
  /**
   * Aborts the call, which throws the signal's reason, or INTERRUPTED in an export; nothing is left half done. On a
   * service, the call first waits for the requests under way.
   */
  readonly signal?: AbortSignal;
  /** Receives the progress of the call. */
  readonly progress?: ProgressSink;
}

/** A path, bytes, or a stream of chunks. */
export type Source = string | Uint8Array | AsyncIterable<Uint8Array>;

/** Artifacts by their names, or every live one that matches all filters, of which there is at least one. */
export type ArtifactSelection = readonly string[] | { readonly filters: readonly Filter[] };

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
  /**
   * Reads a store on a service from what this machine has of it, verified as always, and asks no service; what is not
   * here, and every change, fails with OFFLINE. `warn` is told as of which entry it is. Else as `HS_OFFLINE=1` says.
   */
  readonly offline?: boolean;
  /** `human:NAME`, `ai_job:NAME` or `plugin_tool:NAME`; else `HS_ACTOR`, else the operating system's user. */
  readonly actor?: string;
  /** The job to act for; else `HS_JOB_ID`. */
  readonly jobId?: string;
  /** The clock for retention and new artifacts; entries committed under it record that (D10). */
  readonly now?: Date;
  /** For every call that is not given its own. */
  readonly progress?: ProgressSink;
  /**
   * Aborts every call. For a store on a service it lasts for the store's whole life: it cuts requests under way, also
   * those of calls with a signal of their own, and after it none is sent.
   */
  readonly signal?: AbortSignal;
  readonly warn?: (message: string) => void;
}

export interface CreateOptions extends Omit<OpenOptions, 'store' | 'readOnly' | 'offline'> {
  /** Allows removals under a clock set ahead of the system clock, for tests. */
  readonly allowSetClock?: boolean;
  /** Allows the group of the directory to use the store as well. */
  readonly shared?: boolean;
}

export type ListOptions = Omit<ListQuery, 'now' | 'facts' | 'signal'>;

export interface ReadOptions {
  /** One file of a directory payload. */
  readonly path?: string;
}

export interface DiffOptions {
  /** Default: the payloads. */
  readonly compare?: 'payload' | 'manifest';
  /** Also count the lines that were added and removed in each text. */
  readonly stat?: boolean;
  /** The same, and the unified diff of each file, for `git apply`. */
  readonly patch?: boolean;
}

export interface UsageOptions {
  /** The key to group by; default the kind. */
  readonly by?: UsageKey;
  /** Only artifacts that match every filter. */
  readonly filters?: readonly Filter[];
}

export interface UsageTotalsOptions {
  /** The key to group by; default the kind. */
  readonly by?: TotalField;
}

export type HistoryOptions = HistoryQuery;

export type LineageOptions = LineageQuery;
export interface FollowOptions extends HistoryOptions {
  /** How many entries that exist already come first; default 0. */
  readonly last?: number;
}

export type LedgerOptions = Omit<LedgerQuery, 'filter'>;

export interface SignOptions {
  /** The signer's name in the note. */
  readonly name?: string;
}

export interface CheckOptions<OpenStore = unknown> extends Partial<FsckOptions> {
  /** Repairs also take missing objects from the files in this directory, or from this open store. */
  readonly from?: string | OpenStore;
}

export interface ScanOptions {
  /** Also search for e-mail addresses, telephone numbers and paths. */
  readonly personal?: boolean;
}

export type ExportOptions = Omit<ExportRequest, 'artifact' | 'place' | 'dryRun' | 'byEnding'>;

export interface PutOptions extends Omit<PutRequest, 'entities'> {
  /** What the artifact is about, in the words of the program. */
  readonly entities?: readonly { readonly entityKind: string; readonly entityId: string }[];
}

export type { ExpectedPayload };

export interface PutArtifactOptions extends PutOptions {
  /** Throws INTEGRITY, and registers nothing, if the payload is another one. */
  readonly expect?: ExpectedPayload;
  /** File name of a payload without a path; determines its media type. */
  readonly filenameHint?: string;
}

/** One artifact of a batch. */
export interface BatchPut
  extends Omit<PutArtifactOptions, 'each' | 'exclude' | 'strictExclude' | 'skipLinks' | 'ifChanged'> {
  readonly source: Source;
  /** What later artifacts of the batch call it among their sources: `ref:REF`. */
  readonly ref?: string;
}

/** One manifest of a batch; `manifest` has the names that its fields have when it is stored. */
export interface BatchManifest extends Pick<BatchPut, 'ref'> {
  readonly manifest: Readonly<Record<string, unknown>>;
  /** Sources besides those of the manifest, named as everywhere, or `ref:REF` for an earlier artifact of the batch. */
  readonly sources?: readonly string[];
}

/** New retention of one artifact of a batch: TTL, class or both. */
export interface BatchRetain extends RetainChange {
  readonly artifact: string;
}

/** Labels to set on one artifact of a batch; null removes one. */
export interface BatchLabel {
  readonly artifact: string;
  readonly labels: Readonly<Record<string, string | null>>;
}

/** Options that all artifacts of a batch share; their own go before them, and labels, entities and sources are added. */
export type BatchPutOptions = Omit<PutOptions, 'name' | 'each'>;

export interface PinOptions {
  /** Name of the pin; default the actor's name. */
  readonly name?: string;
  readonly reason?: string;
  /** When the pin expires. */
  readonly until?: Date;
}

export interface PinsOptions {
  /** Only pins of artifacts that match every filter. */
  readonly filters?: readonly Filter[];
}

export type UnpinOptions = Pick<PinOptions, 'name'>;

/** One of many changes; `artifact` is named as everywhere. A pin replaces one of the same name. */
export type PinChange =
  | ({ readonly change: 'pin'; readonly artifact: string; readonly name: string } & Omit<PinOptions, 'name'>)
  | { readonly change: 'unpin'; readonly artifact: string; readonly name: string };

export interface PlanOptions {
  /** Quota in bytes, overriding the policy's. */
  readonly quotaBytes?: number;
  /** A policy to plan by instead of the store's. */
  readonly policy?: NamedPolicy['policy'];
  /** Remove only what matches every filter, of what retention would remove of the whole store. */
  readonly filters?: readonly Filter[];
  /** List what is kept too. */
  readonly all?: boolean;
}

export interface CollectOptions {
  /** A saved or displayed plan: nothing that it does not list is removed (D3). */
  readonly plan?: PrunePlan;
  /** Quota in bytes, overriding the policy's. */
  readonly quotaBytes?: number;
  /** Remove only what matches every filter, and with `plan` those of the plan too. */
  readonly filters?: readonly Filter[];
  /** Also purge the trash, all of it, which then cannot be restored. */
  readonly emptyTrash?: boolean;
  /** Also take apart packs of which little is unused, so that all that is unused goes to the trash. */
  readonly repack?: boolean;
  /** If the quota cannot be met, remove all that it may; otherwise QUOTA is thrown before anything is removed. */
  readonly bestEffort?: boolean;
}

export interface RemoveOptions {
  /** For the report. */
  readonly reason?: string;
  /** Skip the trash; this cannot be undone. */
  readonly purge?: boolean;
}

export type PlanRemovalOptions = Pick<RemoveOptions, 'purge'>;

export interface RestoreOptions {
  /** False: the next collection may remove them again. */
  readonly pin?: boolean;
}

export interface ReasonOptions {
  /** For the ledger. */
  readonly reason?: string;
}

export interface PromoteOptions {
  /** The reason for a promotion to L1. */
  readonly attest?: string;
}

/** How to write a page; see {@link ExportOptions}. */
export type PageOptions = Pick<PageRequest, 'force' | 'target' | 'displayProjectionRef'>;

export interface UsagePageOptions extends PageOptions, Pick<UsageOptions, 'by'> {}

/** Contents and name of a debug bundle. */
export type DebugBundleOptions = Omit<DebugRequest, 'scope'>;

export type RunOptions = Partial<Omit<RunRequest, 'command'>>;

export interface DoctorOptions extends Omit<OpenOptions, 'readOnly' | 'offline'> {
  /** Trusts the store, which came from elsewhere, and the output root of its policy. */
  readonly accept?: boolean;
}

export interface RollbackOptions extends Omit<OpenOptions, 'readOnly' | 'offline'>, ReasonOptions {}

export interface VerifyBundleOptions {
  /** Accepts names that other systems cannot hold. */
  readonly nonPortable?: boolean;
}

/** What goes along in a push or a pull, and what for. */
export type TransferOptions = Omit<TransferRequest, 'artifacts'> & {
  /** Only decide, and change neither store. */
  readonly dryRun?: boolean;
};
