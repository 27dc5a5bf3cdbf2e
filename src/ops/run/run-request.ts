import type { Classification, Kind, RetentionClass } from '../../core/manifest/vocabulary.js';
import type { ArtifactId, ObjectId, Timestamp } from '../../core/objects/ids.js';
import type { PortabilityProblem } from '../../core/paths/portability.js';
import type { BackendName, OutputStream, StrayWrite } from '../../sandbox/sandbox.js';

export { BACKEND_NAMES } from '../../sandbox/sandbox-types.js';

/** Which signals a tool gets through hs. */
export type SignalHandler = (signal: NodeJS.Signals) => void;

/** One run of a tool, and what becomes of what it leaves. */
export interface RunRequest {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Absolute; where the tool starts. */
  readonly cwd: string;
  /** The environment to start from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: 'inherit' | 'ignore';
  readonly name?: string;
  readonly kind?: Kind;
  readonly retentionClass?: RetentionClass;
  /** Days. */
  readonly ttl?: number;
  readonly classification?: Classification;
  /** One artifact for each entry at the top of `$HS_OUT`, instead of one for all. */
  readonly each: boolean;
  /** Artifacts as a user names them; their payloads are the tool's `$HS_IN`. */
  readonly sources: readonly string[];
  /** Streams that become transcripts. */
  readonly capture: readonly OutputStream[];
  readonly keepFailed: boolean;
  readonly recordArgs: boolean;
  /** Absent: the best that this machine has. */
  readonly backend?: BackendName;
  /** A write caught elsewhere fails the run. */
  readonly strict: boolean;
  readonly network: boolean;
  /** What the tool prints, as it prints it. False: nobody listens any more. */
  onOutput(stream: OutputStream, chunk: Uint8Array): Promise<boolean>;
  /** Hands over the signals that hs gets while the tool runs; returns how to take them back. */
  takeSignals?(handler: SignalHandler): () => void;
}

/** Something in the capture directory that was not taken. */
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

/** How much of the tool's world was enforced, and what was not. */
export interface SandboxFacts {
  readonly backend: string;
  readonly level: string;
  readonly gaps: readonly string[];
}

export interface RunResult {
  readonly runId: string;
  /** What `hs run` ends with: the tool's own, 124 or 125. */
  readonly status: number;
  /** The tool's own. */
  readonly toolStatus: number;
  /** Why the command could not be executed: `not found`, `permission denied`, …. */
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
  /** True when the tool failed, `keepFailed` was not given, and it had left something. */
  readonly lost: boolean;
}
