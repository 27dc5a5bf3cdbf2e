import { decodePlan, MAX_PLAN_BYTES } from '../core/retention/plan-file.js';
import { HsError, isErrno } from '../errors/hs-error.js';
import type { SeenPlan } from '../ops/gc/apply-removal.js';
import type { Context } from './command-context.js';

/** A saved plan from a file, or from standard input for `-`; INVALID_RECORD explains what is wrong with it. */
export async function readPlan(
  { disk, path, stdin }: Pick<Context, 'disk' | 'path' | 'stdin'>,
  file: string,
): Promise<SeenPlan> {
  if (file === '-') return decodePlan(await stdin.all(MAX_PLAN_BYTES));
  try {
    return decodePlan(await (await disk()).readFile(path(file), MAX_PLAN_BYTES));
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR')) throw new HsError('NOT_FOUND', `there is no plan '${file}'`);
    throw e;
  }
}
