import { decodePlan, MAX_PLAN_BYTES } from '../core/retention/plan-file.js';
import type { SeenPlan } from '../ops/gc/apply-removal.js';
import type { Context } from './command-context.js';
import { type FileReading, readTyped } from './io/typed-file.js';

/** A saved plan from a file, or from standard input for `-`; INVALID_RECORD explains what is wrong with it. */
export async function readPlan(
  reading: FileReading & Pick<Context, 'stdin'>,
  file: string,
): Promise<SeenPlan> {
  if (file === '-') return decodePlan(await reading.stdin.all(MAX_PLAN_BYTES));
  return decodePlan(await readTyped(reading, file, MAX_PLAN_BYTES));
}
