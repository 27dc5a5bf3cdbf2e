import type { Disk } from '../fsx/disk.js';

/** From weakest to strongest; policy may set a minimum (`run.least_level`). */
export const SANDBOX_LEVELS = ['none', 'detected', 'enforced', 'isolated', 'enforced+observed'] as const;
/**
 * The enforcement: `none` neither prevents nor detects writes; `detected` only compares the project before and after;
 * `enforced` prevents writes; `isolated` also hides the store, other processes, terminals and keys from the tool;
 * `enforced+observed` is `isolated` and lists the attempted writes to the project.
 */
export type SandboxLevel = (typeof SANDBOX_LEVELS)[number];

/** Best first; `none` is used only if requested by name. */
export const BACKEND_NAMES = [
  'bubblewrap-overlay',
  'bubblewrap',
  'landlock',
  'sandbox-exec',
  'none',
] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];

/** The facts about the machine that a backend needs. */
export interface SandboxHost {
  readonly disk: Disk;
  readonly platform: NodeJS.Platform;
  /** As `process.arch`. */
  readonly arch: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string | undefined;
  /** False: namespaces are not tried, as if the kernel refused them. */
  readonly namespaces: boolean;
  /** The absolute path of a program in the system's directories, or `undefined`. */
  find(program: string): Promise<string | undefined>;
}

export type OutputStream = 'stdout' | 'stderr';

/** The tool while it runs. */
export interface RunningTool {
  /** Sends a signal to the tool and its process group; does nothing once it has ended. */
  send(signal: NodeJS.Signals): void;
}

/** One run. Directories are absolute, existing host paths; the tool may see them elsewhere. */
export interface SandboxRequest {
  readonly command: readonly string[];
  /** Observed, and must not change: the workspace. */
  readonly projectDir: string;
  /** The tool's working directory; default the project. */
  readonly cwd?: string;
  /** Empty, belongs to the caller: the tool's `$HS_OUT`. */
  readonly captureDir: string;
  /** Filled by the caller with one entry per input: the tool's `$HS_IN`, read-only if the backend can make it so. */
  readonly inputsDir?: string;
  /**
   * Empty, belongs to the caller, mode 0700; removed with `discardTree` afterwards. Must be outside the project, or no
   * overlay is available.
   */
  readonly scratchDir: string;
  /** Invisible to the tool, or at least read-only. */
  readonly storeDir: string;
  readonly network: boolean;
  /** The minimum level for starting the tool; default `none`. */
  readonly least?: SandboxLevel;
  /** The environment before filtering; variables that lead to agents and daemons are removed. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: 'inherit' | 'ignore';
  /**
   * Ends the run: the tool gets the signal named by `reason` (default SIGTERM) and, `graceMs` later (default 2000), all
   * its remaining processes are killed.
   */
  readonly signal: AbortSignal;
  readonly graceMs?: number;
  /** Awaited before that stream is read further. A rejection ends the run and is thrown. */
  onOutput(stream: OutputStream, chunk: Uint8Array): void | Promise<void>;
  /** Called before any output. */
  onStart?(tool: RunningTool): void;
  /** Called when the tool has ended, before its writes are examined. */
  onEnd?(status: number): void;
}

export type StrayKind = 'create' | 'change' | 'delete' | 'mode' | 'times' | 'move';

/** A write to the project: one that only the overlay received, or, at level `detected`, one that happened. */
export interface StrayWrite {
  /** Relative to the project, separated by `/`; bytes that are not UTF-8 as `\xNN`. */
  readonly path: string;
  readonly kind: StrayKind;
  readonly what: 'file' | 'directory' | 'symlink' | 'other';
  /** The path before, for `move`. */
  readonly from?: string;
}

export interface SandboxResult {
  /** Exit status as in a shell: 128 + n for a signal, 126 not executable, 127 not found. */
  readonly status: number;
  /** Set if the backend can tell a signal from an exit with the same number. */
  readonly signal?: NodeJS.Signals;
  /** True if the run was ended by `SandboxRequest.signal`. */
  readonly aborted: boolean;
  /** Why the command could not be executed: `not found`, `permission denied`, …; the status is 127 or 126. */
  readonly notRun?: string;
  /** Sorted by path. */
  readonly stray: readonly StrayWrite[];
  readonly backend: BackendName;
  readonly level: SandboxLevel;
  /** Limitations of this backend on this machine, each in one sentence. */
  readonly gaps: readonly string[];
}

/** The sandbox was unavailable; the tool was not started. */
export interface Unavailable {
  readonly unavailable: string;
  /** The level that it would have had, if that was the only problem. */
  readonly level?: SandboxLevel;
}

export interface SandboxBackend {
  readonly name: BackendName;
  /** The level it provides when available. */
  readonly level: SandboxLevel;
  /**
   * Runs the command. Includes the probe: forbidden writes are tried inside the sandbox, and the command starts only
   * after every one of them has failed.
   */
  run(host: SandboxHost, request: SandboxRequest): Promise<SandboxResult | Unavailable>;
}
