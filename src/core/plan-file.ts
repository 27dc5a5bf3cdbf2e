import * as z from 'zod/mini';
import { HsError, isHsError } from '../errors/hs-error.js';
import { canonicalPieces, canonicalText, type Json, parseCanonicalLines } from './canonical.js';
import { createSha256, sha256 } from './hash.js';
import type { ObjectId } from './ids.js';
import { planTotals } from './plan-items.js';
import { planHeaderFields, planItemSchema } from './plan-schema.js';
import { PLAN_SCHEMA, type PlanHeader, type PlanItem, type PrunePlan } from './prune-plan.js';
import { check, objectId } from './schema.js';

/** A million items of 500 bytes, with room. */
export const MAX_PLAN_BYTES = 1024 * 1024 * 1024;
const END_SCHEMA = 'hs.prune-plan-end/1';

const headerSchema = z.strictObject({ ...planHeaderFields, schema: z.literal(PLAN_SCHEMA) });
const itemSchema = z.discriminatedUnion('verdict', [
  z.strictObject(planItemSchema.keep),
  z.strictObject(planItemSchema.prune),
]);
const endSchema = z.strictObject({ schema: z.literal(END_SCHEMA), plan_hash: objectId });

function damaged(why: string): HsError {
  return new HsError('INVALID_RECORD', `not a plan as hs wrote it: ${why}`, {
    hint: 'make a new one with hs plan-prune',
  });
}

/** Header and items, a line each: what the plan's hash is of. */
function bodyPieces({ header, items }: PrunePlan): Generator<Buffer> {
  return canonicalPieces([header, ...items]);
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

/** Reads a plan file; INVALID_RECORD says what is wrong with one that was cut, edited or is something else. */
export function decodePlan(bytes: Uint8Array): { readonly plan: PrunePlan; readonly hash: ObjectId } {
  const lines = readLines(bytes);
  const found = schemaOf(lines[0]);
  if (found !== PLAN_SCHEMA) {
    throw damaged(
      typeof found === 'string' ? `its schema is '${found}', not '${PLAN_SCHEMA}'` : 'it has no schema',
    );
  }
  const last = lines.at(-1);
  if (lines.length < 2 || schemaOf(last) !== END_SCHEMA) throw damaged('its end is missing');
  const { plan_hash } = check(endSchema, last, 'INVALID_RECORD', 'the last line of the plan');
  const body = bytes.subarray(0, bytes.lastIndexOf(0x0a, bytes.byteLength - 2) + 1);
  if (sha256(body) !== plan_hash) {
    throw damaged('it was changed: its bytes do not match the hash in its last line');
  }
  const header = check(headerSchema, lines[0], 'INVALID_RECORD', 'the header of the plan') as PlanHeader;
  const items: PlanItem[] = [];
  for (let i = 1; i < lines.length - 1; i++) {
    const item = check(itemSchema, lines[i], 'INVALID_RECORD', `line ${i + 1} of the plan`) as PlanItem;
    if (i > 1 && items[i - 2]!.artifact_id >= item.artifact_id) {
      throw damaged(`line ${i + 1} is not in order of artifact id`);
    }
    items.push(item);
  }
  const totals = planTotals(items);
  for (const [key, value] of Object.entries(totals)) {
    const stated = header[key as keyof typeof totals];
    if (stated !== value) throw damaged(`its header says ${key} ${stated}, its items make ${value}`);
  }
  return { plan: { header, items }, hash: plan_hash };
}

function readLines(bytes: Uint8Array): Json[] {
  const lines: Json[] = [];
  try {
    for (const line of parseCanonicalLines(bytes, MAX_PLAN_BYTES)) lines.push(line);
  } catch (e) {
    if (!isHsError(e, 'INVALID_RECORD')) throw e;
    throw damaged(`line ${lines.length + 1}: ${e.message}`);
  }
  return lines;
}
