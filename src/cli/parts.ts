import type { Environment, Random, Trace } from '../core/effects.js';
import type { Disk } from '../fsx/disk.js';
import type { Session } from '../ops/session/session.js';
import type { SessionRequest } from '../ops/session/session-request.js';
import type { StoreHome } from '../store/port/backend.js';
import type { CommandTable } from './command-table.js';

/** A requested trace, and a disk that records every operation in it. */
export interface Tracing {
  readonly trace: Trace;
  readonly disk: (inner: Disk) => Disk;
}

/** Access to the stores of this machine. */
export interface StoreSurroundings {
  readonly disk: Disk;
  readonly random: Random;
  readonly environment: Environment;
  /** Ends what goes over the network. */
  readonly signal: AbortSignal;
  /** Told of what goes over the network; undefined: nobody asked for a trace. */
  readonly trace?: Trace | undefined;
}

/** The components of the program; loaded on demand. */
export interface Parts {
  readonly table: CommandTable;
  readonly disk: () => Promise<Disk>;
  /** Opens the trace that `HS_TRACE` names; throws the errors of opening a file. */
  readonly trace: (target: string) => Promise<Tracing>;
  /** Finds and creates stores. */
  readonly stores: (surroundings: StoreSurroundings) => Promise<StoreHome>;
  readonly openSession: (request: SessionRequest, stores: StoreHome) => Promise<Session>;
}
