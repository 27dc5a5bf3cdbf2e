import type { Budget } from '../../core/policy/policy.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';

const LOOK_MS = 200;
/** A scan of 100,000 files takes a second; scans may use a tenth of the time. */
const REST_FACTOR = 10;
/** Yields to the event loop after this many names: output and signals wait during a scan. */
const NAMES_A_TURN = 256;
/** The share of the free space at the start that stays free (1/20), at most 256 MiB. */
const RESERVE_SHARE = 20;
const MOST_RESERVE = 256 * 1024 * 1024;

/** The limits on a run's output: the policy's budget for the actor, else what fits on the disk twice. */
export interface RunBudget {
  readonly total: number;
  readonly files: number;
  readonly file: number;
  /** For messages. */
  readonly source: 'policy' | 'disk';
}

export async function runBudget(disk: Disk, dir: string, policy: Budget | undefined): Promise<RunBudget> {
  const { freeBytes } = await disk.space(dir);
  // Captured output is copied into the store before it is removed here.
  const fits = Math.floor((freeBytes - reserveOf(freeBytes)) / 2);
  if (policy === undefined || policy.total_bytes > fits) {
    return {
      total: fits,
      files: policy?.files ?? Number.POSITIVE_INFINITY,
      file: policy?.file_bytes ?? Number.POSITIVE_INFINITY,
      source: 'disk',
    };
  }
  return { total: policy.total_bytes, files: policy.files, file: policy.file_bytes, source: 'policy' };
}

function reserveOf(freeBytes: number): number {
  return Math.min(Math.floor(freeBytes / RESERVE_SHARE), MOST_RESERVE);
}

/** Counts files and bytes against a budget; `add` returns a description of the exceeded limit. */
export class Tally {
  files = 0;
  bytes = 0;
  readonly #budget: RunBudget;

  constructor(budget: RunBudget) {
    this.#budget = budget;
  }

  add(size: number): string | undefined {
    this.files += 1;
    return size > this.#budget.file
      ? `a file in the capture directory is larger than ${this.#budget.file} bytes`
      : this.addBytes(size);
  }

  addBytes(size: number): string | undefined {
    this.bytes += size;
    const { total, files, source } = this.#budget;
    if (this.files > files) return `the capture directory contains more than ${files} files`;
    if (this.bytes <= total) return undefined;
    return source === 'policy'
      ? `the output is larger than ${total} bytes`
      : `the output is larger than ${total} bytes, half of the free disk space`;
  }
}

export function overBudget(why: string): HsError {
  return new HsError('BUDGET', `${why}; nothing was registered`, {
    hint: 'hs policy show lists the budgets; hs gc frees space',
    details: { why },
  });
}

/** Scans the capture directory and the disks while the tool runs, and stops a run that would fill them. */
export class UsageWatch {
  readonly #disk: Disk;
  readonly #capture: string;
  readonly #budget: RunBudget;
  readonly #stop: (why: string) => void;
  readonly #dirs: readonly string[];
  #timer: NodeJS.Timeout | undefined;
  #over = false;
  #looking: Promise<void> = Promise.resolve();
  #reserves = new Map<string, number>();

  constructor(
    disk: Disk,
    watched: { readonly capture: string; readonly scratch: string },
    budget: RunBudget,
    stop: (why: string) => void,
  ) {
    this.#disk = disk;
    this.#capture = watched.capture;
    this.#dirs = [watched.capture, watched.scratch];
    this.#budget = budget;
    this.#stop = stop;
  }

  async start(): Promise<void> {
    for (const dir of this.#dirs) {
      this.#reserves.set(dir, reserveOf((await this.#disk.space(dir)).freeBytes));
    }
    this.#next(LOOK_MS);
  }

  async end(): Promise<void> {
    this.#over = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #next(ms: number): void {
    if (this.#over) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look();
    }, ms);
  }

  async #look(): Promise<void> {
    const begun = performance.now();
    const why = (await this.#fullDisk()) ?? (await this.#measure());
    if (this.#over) return;
    if (why !== undefined) this.#stop(why);
    else this.#next(Math.max(LOOK_MS, REST_FACTOR * (performance.now() - begun)));
  }

  async #fullDisk(): Promise<string | undefined> {
    for (const [dir, reserve] of this.#reserves) {
      try {
        if ((await this.#disk.space(dir)).freeBytes < reserve) return 'the disk is nearly full';
      } catch (e) {
        // A tool without a sandbox may have removed it.
        if (!isErrno(e)) throw e;
      }
    }
    return undefined;
  }

  /** The tool is running meanwhile: entries that vanish or are unreadable do not count. */
  async #measure(): Promise<string | undefined> {
    const tally = new Tally(this.#budget);
    const open = [this.#capture];
    let names = 0;
    for (let dir = open.pop(); dir !== undefined; dir = open.pop()) {
      for (const entry of await this.#disk.readdir(dir).catch(none)) {
        if (this.#over) return undefined;
        if (++names % NAMES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
        if (entry.name === undefined) continue;
        const path = `${dir}/${entry.name}`;
        if (entry.kind === 'directory') open.push(path);
        else if (entry.kind === 'file') {
          const stat = await this.#disk.lstat(path).catch(none);
          const why = 'size' in stat ? tally.add(stat.size) : undefined;
          if (why !== undefined) return why;
        }
      }
    }
    return undefined;
  }
}

function none(e: unknown): [] {
  if (isErrno(e)) return [];
  throw e;
}
