import type { Classification, Kind, RetentionClass } from '../../core/manifest/vocabulary.js';
import type { ArtifactId, ObjectId, Timestamp } from '../../core/objects/ids.js';
import type { PortabilityProblem } from '../../core/paths/portability.js';
import type { BackendName, OutputStream, StrayWrite } from '../../sandbox/sandbox.js';

export { BACKEND_NAMES } from '../../sandbox/sandbox-types.js';

/** Receives the signals to be passed on to the tool. */
export type SignalHandler = (signal: NodeJS.Signals) => void;

/** One run of a tool, and how its output is registered. */
export interface RunRequest {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Absolute; the tool's working directory. */
  readonly cwd: string;
  /** The environment before filtering. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: 'inherit' | 'ignore';
  readonly name?: string;
  readonly kind?: Kind;
  readonly retentionClass?: RetentionClass;
  /** Days. */
  readonly ttl?: number;
  readonly classification?: Classification;
  /** One artifact for each top-level entry of `$HS_OUT`, instead of one for all. */
  readonly each: boolean;
  /** Artifacts as a user names them; their payloads are the tool's `$HS_IN`. */
  readonly sources: readonly string[];
  /** Streams that become transcripts. */
  readonly capture: readonly OutputStream[];
  readonly keepFailed: boolean;
  readonly recordArgs: boolean;
  /** Absent: the best one available on this machine. */
  readonly backend?: BackendName;
  /** A detected write elsewhere fails the run. */
  readonly strict: boolean;
  readonly network: boolean;
  /** Called with the tool's output as it arrives. Returns false once nobody reads it any more. */
  onOutput(stream: OutputStream, chunk: Uint8Array): Promise<boolean>;
  /** Redirects the signals that hs receives while the tool runs; returns a function that undoes it. */
  takeSignals?(handler: SignalHandler): () => void;
}

/** An entry of the capture directory that was not taken. */
export interface Refused {
  /** Relative to the capture directory; bytes that are not UTF-8 as `\xNN`. */
  readonly path: string;
  readonly why: string;
}

export interface RunArtifact {
  readonly artifactId: ArtifactId;
  readonly kind: Kind;
  readonly contentHash: ObjectId;
  readonly payloadType: 'file' | 'directory';
  readonly sizeBytes: number;
  readonly files: number;
  readonly name: string | undefined;
  readonly filenameHint: string | undefined;
}

/** How far the tool was confined, and what was not enforced. */
export interface SandboxFacts {
  readonly backend: string;
  readonly level: string;
  readonly gaps: readonly string[];
}

export interface RunResult {
  readonly runId: string;
  /** The exit status of `hs run`: the tool's own, 124 or 125. */
  readonly status: number;
  /** The tool's own exit status. */
  readonly toolStatus: number;
  /** Why the command could not be executed: `not found`, `permission denied`, … */
  readonly notRun?: string;
  readonly startedAt: Timestamp;
  readonly endedAt: Timestamp;
  readonly sandbox: SandboxFacts;
  readonly stray: readonly StrayWrite[];
  readonly artifacts: readonly RunArtifact[];
  readonly refused: readonly Refused[];
  readonly emptyDirectories: readonly string[];
  readonly unportable: readonly PortabilityProblem[];
  /** The inputs as the tool found them below `$HS_IN`. */
  readonly inputs: readonly { readonly artifactId: ArtifactId; readonly path: string }[];
  /** True if the tool failed, `keepFailed` was not set, and it had left output. */
  readonly lost: boolean;
}
