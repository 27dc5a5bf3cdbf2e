import type { Budget } from '../../core/policy/policy.js';
import { HsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';

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

/** How many bytes of the free space stay free. */
export function reserveOf(freeBytes: number): number {
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
