import * as z from 'zod/mini';
import { compact } from '../core/json/omit-undefined.js';
import { check, natural, objectId } from '../core/json/schema.js';
import { isTimestamp } from '../core/objects/ids.js';
import { HsError } from '../errors/hs-error.js';
import type { CallOptions } from './options.js';
import type { IndexFile } from './results.js';

/**
 * Validates the arguments of library calls as the command line validates its own: USAGE names the argument and the
 * problem. Semantic checks are left to the operation.
 */
export const given = z.string().check(z.minLength(1, 'is empty'));
export const path = given.check(z.regex(/^[^\0]*$/, 'holds a NUL'));
export const flag = z.boolean();
export const strings = z.array(given);
/** zod leaves a `__proto__` out of what it returns, in silence. */
export function recordOf<V extends z.ZodMiniType>(values: V) {
  const fields = z.record(z.string(), values);
  const test = (v: unknown) => v === null || typeof v !== 'object' || !Object.hasOwn(v, '__proto__');
  return z.pipe(z.custom<z.input<typeof fields>>(test, "cannot have the key '__proto__'"), fields);
}
export const is = <T>(test: (v: unknown) => boolean, message: string) => z.custom<T>(test, message);
export const callable = is<(...args: never[]) => unknown>((v) => typeof v === 'function', 'not a function');
/** Also accepts one of another realm, such as a test runner's. */
const tagged = (v: unknown, tag: string) => Object.prototype.toString.call(v) === `[object ${tag}]`;
/** A time that has a timestamp; only those sort as text. */
export const date = is<Date>(
  (v) => tagged(v, 'Date') && !Number.isNaN(Number(v)) && isTimestamp((v as Date).toISOString()),
  'not a valid Date of the years 0 to 9999',
);
export const has =
  (...methods: readonly string[]) =>
  (v: unknown) =>
    typeof v === 'object' &&
    v !== null &&
    methods.every((m) => typeof (v as Record<string, unknown>)[m] === 'function');

/** The name of an artifact, or other required text. */
export function text(value: unknown, what: string): string {
  return check(given, value, 'USAGE', what);
}

export function filePath(value: unknown, what: string): string {
  return check(path, value, 'USAGE', what);
}

export function count(value: unknown, what: string): number {
  return check(natural, value, 'USAGE', what);
}

export function names(value: unknown, what: string): readonly string[] {
  return check(strings, value, 'USAGE', what);
}

/** Any iterable but a string. */
export function lines(value: unknown): Iterable<unknown> {
  const isIterable = typeof (value as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === 'function';
  if (isIterable && typeof value === 'object') return value as Iterable<unknown>;
  throw new HsError('USAGE', 'the lines are not an iterable of objects');
}

export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && tagged(value, 'Uint8Array');
}

export function isStream(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof (value as AsyncIterable<unknown> | null | undefined)?.[Symbol.asyncIterator] === 'function';
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Each source, as a path or a stream of bytes. */
export function sources(
  value: unknown,
): ({ readonly path: string } | { readonly stream: AsyncIterable<Uint8Array> })[] {
  if (!Array.isArray(value)) throw new HsError('USAGE', 'the sources are not an array');
  return value.map((source: unknown) => {
    if (typeof source === 'string') return { path: filePath(source, 'path') };
    if (isBytes(source)) return { stream: once(source) };
    if (isStream(source)) return { stream: source };
    throw new HsError(
      'USAGE',
      'the source is neither a path nor a Uint8Array nor an async iterable of them',
      { hint: 'encode a string that is the payload itself: Buffer.from(text)' },
    );
  });
}

export const objects = z.record(z.string(), z.unknown());
/** An object whose fields the operation checks. */
export function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  return check(objects, value, 'USAGE', what);
}

const indexFile = z.strictObject({
  path: given,
  contentHash: objectId,
  sizeBytes: natural,
  executable: z.optional(z.literal(true)),
});
export function indexFiles(value: unknown): readonly IndexFile[] {
  return check(z.array(indexFile), value, 'USAGE', 'files') as readonly IndexFile[];
}

export type Fields<T, Needed extends keyof T = never> = {
  readonly [K in keyof Omit<Required<T>, Needed>]: z.ZodMiniType;
} & {
  readonly [K in Needed]: z.ZodMiniType;
};

/** What every method takes besides its own options. */
export const callFields: Fields<CallOptions> = {
  progress: is(has('start', 'advance', 'done'), 'not an object with start, advance and done'),
  signal: is(has('throwIfAborted', 'addEventListener'), 'not an AbortSignal'),
};

/** Validates options: each field of `T` has its schema, and unknown names are refused. */
export function options<T extends object>(
  of: string,
  fields: Fields<T>,
): (value: unknown) => T & CallOptions {
  return checked<T & CallOptions>(of, { ...callFields, ...fields }, []);
}

/** Validates an object that is required, such as a change, with the fields that it must have. */
export function change<T extends object, Needed extends keyof T = never>(
  fields: Fields<T, Needed>,
  needed: readonly Needed[] = [],
  of = 'change',
): (value: unknown) => T {
  return checked<T>(of, fields, needed as readonly string[]);
}

function checked<T>(of: string, fields: object, needed: readonly string[]): (value: unknown) => T {
  const shape = Object.entries<z.ZodMiniType>({ ...fields }).map(([name, schema]) => [
    name,
    needed.includes(name) ? schema : z.optional(schema),
  ]);
  const schema = z.strictObject(Object.fromEntries(shape));
  return (value) => compact(check(schema, value, 'USAGE', of) as Record<string, unknown>) as T;
}
