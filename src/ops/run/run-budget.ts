import type { Budget } from '../../core/policy/policy.js';
import { HsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import type { Transcript } from './transcript.js';

/** The share of the free space at the start that stays free (1/20), at most 256 MiB. */
const RESERVE_SHARE = 20;
const MOST_RESERVE = 256 * 1024 * 1024;

/** The limits on a run's output, transcripts included: the policy's budget for the actor, else what fits on the disk twice. */
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

/** How many bytes of the free space stay free. */
export function reserveOf(freeBytes: number): number {
  return Math.min(Math.floor(freeBytes / RESERVE_SHARE), MOST_RESERVE);
}

/** Counts what a run leaves against its budget: its transcripts so far, and each captured file that is added. */
export class Tally {
  /** Describes the limit that is exceeded, if one is. */
  over: string | undefined;
  readonly #budget: RunBudget;
  #files = 0;
  #bytes = 0;

  constructor(budget: RunBudget, transcripts: readonly Pick<Transcript, 'stream' | 'size'>[]) {
    this.#budget = budget;
    for (const { stream, size } of transcripts) this.#add(`the tool's ${stream}`, size);
  }

  /** Counts a file of so many bytes; returns `over`. */
  addFile(size: number): string | undefined {
    const { files } = this.#budget;
    this.#files += 1;
    if (this.#files > files) this.over ??= `the capture directory contains more than ${files} files`;
    this.#add('a file in the capture directory', size);
    return this.over;
  }

  #add(what: string, size: number): void {
    const { total, file, source } = this.#budget;
    this.#bytes += size;
    if (size > file) this.over ??= `${what} is larger than ${file} bytes`;
    if (this.#bytes <= total) return;
    const half = source === 'policy' ? '' : ', half of the free disk space';
    this.over ??= `the output is larger than ${total} bytes${half}`;
  }
}

export function overBudget(why: string): HsError {
  return new HsError('BUDGET', `${why}; nothing was registered`, {
    hint: 'hs policy show lists the budgets; hs gc frees space',
    details: { why },
  });
}
