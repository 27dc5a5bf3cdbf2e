import type { ObjectId } from '../core/objects/ids.js';
import * as file from '../core/retention/plan-file.js';
import type { PrunePlan } from '../core/retention/prune-plan.js';
import { HsError } from '../errors/hs-error.js';
import * as given from './arguments.js';

/**
 * Encodes a plan as a plan file (`hs plan-prune`): canonical JSON Lines that end with their hash.
 *
 * @example
 * await writeFile('plan.jsonl', encodePlan(await store.plan()));
 * const [header] = (await readFile('plan.jsonl', 'utf8')).split('\n');
 * JSON.parse(header).store_id === store.id; // → true
 */
export function encodePlan(plan: PrunePlan): Buffer {
  return file.encodePlan(file.checkPlan(plan));
}

/**
 * Parses a plan file (`hs apply-prune`). INVALID_RECORD if it is truncated, edited or not a plan.
 *
 * @example
 * const bytes = encodePlan(await store.plan());
 * decodePlan(bytes).plan.header.scanned; // → 2
 * decodePlan(bytes.subarray(1)); // throws INVALID_RECORD
 */
export function decodePlan(bytes: Uint8Array): { readonly plan: PrunePlan; readonly hash: ObjectId } {
  if (!given.isBytes(bytes)) throw new HsError('USAGE', 'a plan file is read from a Uint8Array');
  return file.decodePlan(bytes);
}

/**
 * The hash of a plan: the SHA-256 of its lines.
 *
 * @example
 * const plan = await store.plan();
 * planHash(plan) === decodePlan(encodePlan(plan)).hash; // → true
 */
export function planHash(plan: PrunePlan): ObjectId {
  return file.planHash(file.checkPlan(plan));
}
