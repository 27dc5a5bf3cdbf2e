import type { Environment, Random, Trace } from '../core/effects.js';
import type { Disk } from '../fsx/disk.js';
import type { Session } from '../ops/session/session.js';
import type { SessionRequest } from '../ops/session/session-request.js';
import type { StoreHome } from '../store/port/backend.js';
import type { CommandTable } from './command-table.js';

/** A trace that was asked for, and a disk that tells it of every operation. */
export interface Tracing {
  readonly trace: Trace;
  readonly disk: (inner: Disk) => Disk;
}

/** What the stores of this machine are reached by. */
export interface StoreSurroundings {
  readonly disk: Disk;
  readonly random: Random;
  readonly environment: Environment;
}

/** What the program is put together from; loaded when it is needed. */
export interface Parts {
  readonly table: CommandTable;
  readonly disk: () => Promise<Disk>;
  /** Opens the trace that `HS_TRACE` names; errors are those of opening a file. */
  readonly trace: (target: string) => Promise<Tracing>;
  /** Where stores are found and made. */
  readonly stores: (surroundings: StoreSurroundings) => Promise<StoreHome>;
  readonly openSession: (request: SessionRequest, stores: StoreHome) => Promise<Session>;
}
