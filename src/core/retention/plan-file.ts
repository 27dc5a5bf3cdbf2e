import * as z from 'zod/mini';
import { HsError, isHsError } from '../../errors/hs-error.js';
import { canonicalText, type Json } from '../json/canonical.js';
import { linePieces, parseCanonicalLines } from '../json/canonical-lines.js';
import { check, objectId } from '../json/schema.js';
import { createSha256, sha256 } from '../objects/hash.js';
import type { ObjectId } from '../objects/ids.js';
import { toCondition } from '../query/condition.js';
import { itemText } from './item-text.js';
import { RULES } from './judgements.js';
import { KeptHash, planTotals } from './plan-header.js';
import { keptFields, planHeaderFields, planItemSchema } from './plan-schema.js';
import {
  filed,
  LONG_PLAN_SCHEMA,
  PLAN_SCHEMA,
  type PlanHeader,
  type PlanItem,
  PRUNE_RULES,
  type PrunePlan,
} from './prune-plan.js';

/** Enough for a million items of 500 bytes. */
export const MAX_PLAN_BYTES = 1024 * 1024 * 1024;
const END_SCHEMA = 'hs.prune-plan-end/1';

const headerSchema = z.discriminatedUnion('schema', [
  z.strictObject({ ...planHeaderFields, ...keptFields, schema: z.literal(PLAN_SCHEMA) }),
  z.strictObject({ ...planHeaderFields, schema: z.literal(LONG_PLAN_SCHEMA) }),
]);
const itemSchema = z.discriminatedUnion('verdict', [
  z.strictObject(planItemSchema.keep),
  z.strictObject(planItemSchema.prune),
]);
/** Items are checked one by one: the errors of a list with a million wrong items take gigabytes. */
const line = z.record(z.string(), z.unknown());
const anyPlan = z.strictObject({ header: line, items: z.array(line) });
const endSchema = z.strictObject({ schema: z.literal(END_SCHEMA), plan_hash: objectId });

function damaged(why: string): HsError {
  return new HsError('INVALID_RECORD', `not a valid plan: ${why}`, {
    hint: 'create a new plan with hs plan-prune',
  });
}

function* linesOfPlan(lines: Iterable<PlanHeader | PlanItem>): Generator<string> {
  for (const line of lines) yield 'schema' in line ? canonicalText(filed(line)) : itemText(line);
}

function* allOf({ header, items }: PrunePlan): Generator<PlanHeader | PlanItem> {
  yield header;
  yield* items;
}

/** The name of a plan: the SHA-256 of all its lines but the last, which holds it. */
export function planHash(plan: PrunePlan): ObjectId {
  const hash = createSha256();
  for (const piece of linePieces(linesOfPlan(allOf(plan)))) hash.update(piece);
  return hash.digest();
}

/**
 * Writes a plan as canonical JSON Lines (A9): the header, one item per line in order of id, and a last line with the hash
 * of every byte before it, which detects truncation and edits.
 */
export class PlanWriter {
  readonly #hash = createSha256();

  /** The next lines, in pieces. */
  *lines(lines: Iterable<PlanHeader | PlanItem>): Generator<Buffer> {
    for (const piece of linePieces(linesOfPlan(lines))) {
      this.#hash.update(piece);
      yield piece;
    }
  }

  end(): Buffer {
    return Buffer.from(`${canonicalText({ schema: END_SCHEMA, plan_hash: this.#hash.digest() })}\n`);
  }
}

export function encodePlan(plan: PrunePlan): Buffer {
  const writer = new PlanWriter();
  return Buffer.concat([...writer.lines(allOf(plan)), writer.end()]);
}

function schemaOf(line: Json | undefined): unknown {
  return typeof line === 'object' && line !== null && !Array.isArray(line)
    ? (line as { schema?: unknown }).schema
    : undefined;
}

/** Splits off the last line, with its newline. */
function splitEnd(bytes: Uint8Array): { readonly body: Uint8Array; readonly end: Uint8Array } {
  const start = bytes.lastIndexOf(0x0a, bytes.byteLength - 2) + 1;
  return { body: bytes.subarray(0, start), end: bytes.subarray(start) };
}

function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) count++;
  return count;
}

/** Parses the lines. An error gives the number of its line, the first being `from`. */
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
 * Reads a plan file. INVALID_RECORD for one that was truncated or edited, or is something else. The hash in the last line
 * is checked first, then one line after the other, so that a file that is no plan never takes the memory of one.
 */
export function decodePlan(bytes: Uint8Array): { readonly plan: PrunePlan; readonly hash: ObjectId } {
  const first = readLines(bytes).next().value;
  const found = schemaOf(first);
  if (found !== PLAN_SCHEMA && found !== LONG_PLAN_SCHEMA) {
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
  checkFilters(header);
  const items = readItems(body);
  checkTotals(header, items);
  return { plan: { header, items }, hash: plan_hash };
}

/** A plan of a later version may have filters that this version does not know. */
function checkFilters({ filters = [], clock }: PlanHeader): void {
  try {
    for (const filter of filters) toCondition(filter, clock);
  } catch (e) {
    if (!isHsError(e, 'USAGE')) throw e;
    throw damaged(e.message);
  }
}

/** Checks the items against the totals of the header. Kept items are listed all or not at all. */
function checkTotals(header: PlanHeader, items: readonly PlanItem[]): void {
  const { totals, rules } = planTotals(items);
  const { pruned, pruned_bytes, freed_bytes } = totals;
  const isLong = header.schema === LONG_PLAN_SCHEMA || totals.scanned > pruned;
  for (const [key, value] of Object.entries(isLong ? totals : { pruned, pruned_bytes, freed_bytes })) {
    const stated = header[key as keyof typeof totals];
    if (stated !== value) throw damaged(`its header says ${key} ${stated}, but its items add up to ${value}`);
  }
  for (const rule of header.rules === undefined ? [] : isLong ? RULES : PRUNE_RULES) {
    const [stated, found] = [header.rules?.[rule], rules[rule]];
    if (stated?.artifacts !== found?.artifacts || stated?.size_bytes !== found?.size_bytes) {
      throw damaged(`its items do not add up to what its header says of the rule '${rule}'`);
    }
  }
  if (!isLong || header.kept_hash === undefined) return;
  const kept = new KeptHash();
  for (const { artifact_id, verdict, rule } of items) if (verdict === 'keep') kept.add(artifact_id, rule);
  if (kept.digest() !== header.kept_hash)
    throw damaged('the list of what is kept is not the one of its header');
}

/** Checks the form of a plan that a program passes in; USAGE. Whether it may be applied is checked later. */
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
