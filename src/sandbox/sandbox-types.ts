import type { Disk } from '../fsx/disk.js';

/** From weakest to strongest; policy may demand a least one (`run.least_level`). */
export const SANDBOX_LEVELS = ['none', 'detected', 'enforced', 'isolated', 'enforced+observed'] as const;
/**
 * What was in force: `enforced+observed` is `isolated` and lists the writes that the project would have
 * got, `isolated` keeps the tool from the store, other processes, terminals and keys too, `enforced`
 * prevents writes, `detected` only compares the project before and after, `none` does neither.
 */
export type SandboxLevel = (typeof SANDBOX_LEVELS)[number];

/** Best first; `none` is never chosen unless it is asked for by name. */
export const BACKEND_NAMES = [
  'bubblewrap-overlay',
  'bubblewrap',
  'landlock',
  'sandbox-exec',
  'none',
] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];

/** Directories of which bubblewrap gives the tool empty ones of its own. */
export const HIDDEN_DIRS: readonly string[] = ['/tmp', '/var/tmp', '/run'];

/** The machine, as far as a backend needs to know it. */
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
  /** The absolute path of a helper program in the system's directories, or `undefined`. */
  find(program: string): Promise<string | undefined>;
}

export type OutputStream = 'stdout' | 'stderr';

/** The tool while it runs. */
export interface RunningTool {
  /** Sends a signal to the tool and its process group; nothing when it has ended. */
  send(signal: NodeJS.Signals): void;
}

/** One run. Directories are absolute host paths that exist; the tool may see them elsewhere. */
export interface SandboxRequest {
  readonly command: readonly string[];
  /** What is observed and must not change: the workspace. */
  readonly projectDir: string;
  /** Where the tool starts; default the project. */
  readonly cwd?: string;
  /** Empty and the caller's own: the tool's `$HS_OUT`. */
  readonly captureDir: string;
  /** Filled by the caller with one entry an input: the tool's `$HS_IN`, read-only where anything is. */
  readonly inputsDir?: string;
  /**
   * Empty and the caller's own, mode 0700; removed with `discardTree` afterwards. It must lie outside
   * the project, or the overlay cannot be had.
   */
  readonly scratchDir: string;
  /** Invisible to the tool, or at least read-only. */
  readonly storeDir: string;
  readonly network: boolean;
  /** Below this the tool is not started; default `none`. */
  readonly least?: SandboxLevel;
  /** The environment to start from; what leads to agents and daemons is taken out. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: 'inherit' | 'ignore';
  /**
   * Ends the run: the tool gets the signal named by `reason` (default SIGTERM) and, `graceMs` later
   * (default 2000), everything that is left of it is killed.
   */
  readonly signal: AbortSignal;
  readonly graceMs?: number;
  /** Awaited before more is read from that stream. A rejection ends the run and is thrown. */
  onOutput(stream: OutputStream, chunk: Uint8Array): void | Promise<void>;
  /** Comes before any output. */
  onStart?(tool: RunningTool): void;
  /** Comes when the tool has ended, before what it wrote is looked at. */
  onEnd?(status: number): void;
}

export type StrayKind = 'create' | 'change' | 'delete' | 'mode' | 'times' | 'move';

/** A write to the project: one that only the overlay took, or, at level `detected`, one that happened. */
export interface StrayWrite {
  /** Relative to the project, `/` between; a name that is not UTF-8 has `\xNN` for such bytes. */
  readonly path: string;
  readonly kind: StrayKind;
  readonly what: 'file' | 'directory' | 'symlink' | 'other';
  /** The path before, for `move`. */
  readonly from?: string;
}

export interface SandboxResult {
  /** As a shell counts: 128 + n for a signal, 126 not executable, 127 not found. */
  readonly status: number;
  /** Set where the backend can tell a signal from an exit with the same number. */
  readonly signal?: NodeJS.Signals;
  /** True when the run was ended by `SandboxRequest.signal`. */
  readonly aborted: boolean;
  /** Why the command could not be executed: `not found`, `permission denied`, …; the status says 127 or 126. */
  readonly notRun?: string;
  /** Sorted by path. */
  readonly stray: readonly StrayWrite[];
  readonly backend: BackendName;
  readonly level: SandboxLevel;
  /** What this backend does not prevent or see on this machine, each in one sentence. */
  readonly gaps: readonly string[];
}

/** The sandbox could not be had; the tool was not started. */
export interface Unavailable {
  readonly unavailable: string;
  /** The level that it would have had, when that is all that was wrong. */
  readonly level?: SandboxLevel;
}

export interface SandboxBackend {
  readonly name: BackendName;
  /** The level it reaches when it can be had. */
  readonly level: SandboxLevel;
  /**
   * Runs the command. The probe is part of it: forbidden writes are tried inside the sandbox, and the
   * command starts only after every one of them has failed.
   */
  run(host: SandboxHost, request: SandboxRequest): Promise<SandboxResult | Unavailable>;
}
