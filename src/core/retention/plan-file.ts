import * as z from 'zod/mini';
import { HsError, isHsError } from '../../errors/hs-error.js';
import { canonicalPieces, canonicalText, type Json, parseCanonicalLines } from '../json/canonical.js';
import { check, objectId } from '../json/schema.js';
import { createSha256, sha256 } from '../objects/hash.js';
import type { ObjectId } from '../objects/ids.js';
import { planTotals } from './plan-items.js';
import { planHeaderFields, planItemSchema } from './plan-schema.js';
import { filed, PLAN_SCHEMA, type PlanHeader, type PlanItem, type PrunePlan } from './prune-plan.js';

/** A million items of 500 bytes, with room. */
export const MAX_PLAN_BYTES = 1024 * 1024 * 1024;
const END_SCHEMA = 'hs.prune-plan-end/1';

const headerSchema = z.strictObject({ ...planHeaderFields, schema: z.literal(PLAN_SCHEMA) });
const itemSchema = z.discriminatedUnion('verdict', [
  z.strictObject(planItemSchema.keep),
  z.strictObject(planItemSchema.prune),
]);
/** Its items are checked one by one: a whole list of them costs gigabytes when each of a million is wrong. */
const line = z.record(z.string(), z.unknown());
const anyPlan = z.strictObject({ header: line, items: z.array(line) });
const endSchema = z.strictObject({ schema: z.literal(END_SCHEMA), plan_hash: objectId });

function damaged(why: string): HsError {
  return new HsError('INVALID_RECORD', `not a valid plan: ${why}`, {
    hint: 'create a new plan with hs plan-prune',
  });
}

/** Header and items, a line each: what the plan's hash is of. */
function bodyPieces({ header, items }: PrunePlan): Generator<Buffer> {
  return canonicalPieces([filed(header), ...items.map(filed)]);
}

/** SHA-256 of a plan's lines without the last one, which holds it: the plan's name. */
export function planHash(plan: PrunePlan): ObjectId {
  const hash = createSha256();
  for (const piece of bodyPieces(plan)) hash.update(piece);
  return hash.digest();
}

/**
 * A plan as canonical JSON Lines (A9), in pieces: the header, an item a line in order of id, and an end
 * line with the hash of every byte before it, so that a cut or an edit shows.
 */
export function* encodePlanPieces(plan: PrunePlan): Generator<Buffer> {
  const hash = createSha256();
  for (const piece of bodyPieces(plan)) {
    hash.update(piece);
    yield piece;
  }
  yield Buffer.from(`${canonicalText({ schema: END_SCHEMA, plan_hash: hash.digest() })}\n`);
}

export function encodePlan(plan: PrunePlan): Buffer {
  return Buffer.concat([...encodePlanPieces(plan)]);
}

function schemaOf(line: Json | undefined): unknown {
  return typeof line === 'object' && line !== null && !Array.isArray(line)
    ? (line as { schema?: unknown }).schema
    : undefined;
}

/** The last line with its newline, and what stands before it. */
function splitEnd(bytes: Uint8Array): { readonly body: Uint8Array; readonly end: Uint8Array } {
  const start = bytes.lastIndexOf(0x0a, bytes.byteLength - 2) + 1;
  return { body: bytes.subarray(0, start), end: bytes.subarray(start) };
}

function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) count++;
  return count;
}

/** The values of the lines; what is wrong with one is said with its number, the first being `from`. */
function* readLines(bytes: Uint8Array, from = 1): Generator<Json> {
  let line = from;
  try {
    for (const value of parseCanonicalLines(bytes, MAX_PLAN_BYTES)) {
      yield value;
      line++;
    }
  } catch (e) {
    if (!isHsError(e, 'INVALID_RECORD')) throw e;
    throw damaged(`line ${line}: ${e.message}`);
  }
}

/**
 * Reads a plan file; INVALID_RECORD says what is wrong with one that was cut, edited or is something else.
 * Its lines are read after its end agrees with their bytes, and each is checked before the next is read: a
 * file that is no plan is never held in memory as if it were one.
 */
export function decodePlan(bytes: Uint8Array): { readonly plan: PrunePlan; readonly hash: ObjectId } {
  const first = readLines(bytes).next().value;
  const found = schemaOf(first);
  if (found !== PLAN_SCHEMA) {
    throw damaged(
      typeof found === 'string' ? `its schema is '${found}', not '${PLAN_SCHEMA}'` : 'it has no schema',
    );
  }
  const { body, end } = splitEnd(bytes);
  const last = readLines(end, countLines(body) + 1).next().value;
  if (schemaOf(last) !== END_SCHEMA) throw damaged('it is truncated');
  const { plan_hash } = check(endSchema, last, 'INVALID_RECORD', 'the last line of the plan');
  if (sha256(body) !== plan_hash) {
    throw damaged('it was modified: its bytes do not match the hash in its last line');
  }
  const header = check(headerSchema, first, 'INVALID_RECORD', 'the header of the plan') as PlanHeader;
  const items = readItems(body);
  const totals = planTotals(items);
  for (const [key, value] of Object.entries(totals)) {
    const stated = header[key as keyof typeof totals];
    if (stated !== value) throw damaged(`its header says ${key} ${stated}, but its items add up to ${value}`);
  }
  return { plan: { header, items }, hash: plan_hash };
}

/** A plan that a program hands over, as a file would hold it: USAGE. Whether it may be applied is asked later. */
export function checkPlan(value: unknown): PrunePlan {
  const { header, items } = check(anyPlan, value, 'USAGE', 'plan');
  return {
    header: check(headerSchema, filed(header), 'USAGE', 'the header of the plan') as PlanHeader,
    items: items.map(
      (item, i) => check(itemSchema, filed(item), 'USAGE', `item ${i} of the plan`) as PlanItem,
    ),
  };
}

function readItems(body: Uint8Array): PlanItem[] {
  const items: PlanItem[] = [];
  const lines = readLines(body);
  lines.next();
  for (const line of lines) {
    const number = items.length + 2;
    const item = check(itemSchema, line, 'INVALID_RECORD', `line ${number} of the plan`) as PlanItem;
    if (items.length > 0 && items.at(-1)!.artifact_id >= item.artifact_id) {
      throw damaged(`line ${number} is not in order of artifact id`);
    }
    items.push(item);
  }
  return items;
}
