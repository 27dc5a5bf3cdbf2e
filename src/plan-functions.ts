import * as given from './arguments.js';
import type { ObjectId } from './core/objects/ids.js';
import * as file from './core/retention/plan-file.js';
import type { PrunePlan } from './core/retention/prune-plan.js';
import { HsError } from './errors/hs-error.js';

/** Encodes a plan as a plan file (`hs plan-prune`): canonical JSON Lines that end with their hash. */
export function encodePlan(plan: PrunePlan): Buffer {
  return file.encodePlan(file.checkPlan(plan));
}

/** Parses a plan file. INVALID_RECORD if it is truncated, edited or not a plan. */
export function decodePlan(bytes: Uint8Array): { readonly plan: PrunePlan; readonly hash: ObjectId } {
  if (!given.isBytes(bytes)) throw new HsError('USAGE', 'a plan file is read from a Uint8Array');
  return file.decodePlan(bytes);
}

/** The hash of a plan: the SHA-256 of its lines. */
export function planHash(plan: PrunePlan): ObjectId {
  return file.planHash(file.checkPlan(plan));
}
