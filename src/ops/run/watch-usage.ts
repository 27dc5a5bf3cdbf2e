import { isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import { reserveOf, type Tally } from './run-budget.js';

const LOOK_MS = 200;
/** A scan of 100,000 files takes a second; scans may use a tenth of the time. */
const REST_FACTOR = 10;
/** Yields to the event loop after this many names: output and signals wait during a scan. */
const NAMES_A_TURN = 256;

/** Scans the capture directory and the disks while the tool runs, and stops a run that would fill them. */
export class UsageWatch {
  readonly #disk: Disk;
  readonly #capture: string;
  readonly #counted: () => Tally;
  readonly #stop: (why: string) => void;
  readonly #dirs: readonly string[];
  #timer: NodeJS.Timeout | undefined;
  #over = false;
  #looking: Promise<void> = Promise.resolve();
  #reserves = new Map<string, number>();

  constructor(
    disk: Disk,
    watched: { readonly capture: string; readonly scratch: string },
    counted: () => Tally,
    stop: (why: string) => void,
  ) {
    this.#disk = disk;
    this.#capture = watched.capture;
    this.#dirs = [watched.capture, watched.scratch];
    this.#counted = counted;
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
    const tally = this.#counted();
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
          const why = 'size' in stat ? tally.addFile(stat.size) : undefined;
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
