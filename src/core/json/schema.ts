import * as z from 'zod/mini';
import { HsError } from '../../errors/hs-error.js';
import {
  type ArtifactId,
  isArtifactId,
  isObjectId,
  isTimestamp,
  type ObjectId,
  type Timestamp,
} from '../objects/ids.js';

/** The scalar types of records. Every object schema in hs is a `strictObject`: unknown fields are refused (A4). */
export const objectId = z.custom<ObjectId>((v) => typeof v === 'string' && isObjectId(v), 'not an object id');
export const artifactId = z.custom<ArtifactId>(
  (v) => typeof v === 'string' && isArtifactId(v),
  'not an artifact id',
);
export const uuid = z.string().check(z.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'not a UUID'));
export const timestamp = z.custom<Timestamp>(
  (v) => typeof v === 'string' && isTimestamp(v),
  'not a timestamp such as 2026-01-31T12:00:00.000Z',
);
/** A count or a number of bytes. */
export const natural = z.int().check(z.minimum(0));
/** Free text entered by a user: bounded, not empty, without control characters. */
export const text = (maxLength: number) =>
  z.string().check(
    z.minLength(1, 'is empty'),
    z.maxLength(maxLength, `is longer than ${maxLength} characters`),
    // No property escapes: not every validator of the published schema supports them.
    z.regex(/^[^\x00-\x1f\x7f-\x9f]*$/, 'contains a control character'),
    z.refine((s) => s.isWellFormed(), 'contains a lone surrogate'),
  );
/** An identifier chosen by another program, such as a job or an engine. */
const TOKEN_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$/;
export const token = z.string().check(z.regex(TOKEN_PATTERN, 'not an identifier'));

interface Issue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  readonly expected?: string;
  readonly values?: readonly unknown[];
  /** For a size issue: whether the limit applies to a value or a length. */
  readonly origin?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  /** For a key: what is wrong with it. */
  readonly issues?: readonly Issue[];
  /** For alternatives: the issues of each, or the values of the discriminating field. */
  readonly errors?: readonly (readonly Issue[])[];
  readonly options?: readonly unknown[];
}

/** Maximum number of problems reported for one value; a hostile value has hundreds of thousands. */
const MAX_PROBLEMS = 20;
const MAX_PROBLEM_LENGTH = 500;

/** zod/mini carries no locale: every issue without a message of its own reads "Invalid input". */
function describeIssue(i: Issue): string {
  if (i.code === 'unrecognized_keys')
    return `unknown field ${(i.keys ?? [])
      .slice(0, MAX_PROBLEMS)
      .map((k) => `'${k}'`)
      .join(', ')}`;
  if (i.message !== 'Invalid input') return i.message;
  if (i.code === 'invalid_type') return `not of type ${i.expected}, or missing`;
  if (i.code === 'invalid_value') return `not one of ${(i.values ?? []).join(', ')}`;
  if (i.code === 'too_small') return `${measured(i)} less than ${i.minimum}`;
  if (i.code === 'too_big') return `${measured(i)} more than ${i.maximum}`;
  if (i.code === 'invalid_key' && i.issues?.[0] !== undefined) return describeIssue(i.issues[0]);
  if (i.code === 'invalid_union') {
    if (i.options !== undefined) return `not one of ${i.options.join(', ')}`;
    const each = new Set((i.errors ?? []).flatMap((issues) => issues.slice(0, 1).map(describeIssue)));
    if (each.size > 0) return [...each].join(', and ');
  }
  return 'not an allowed value';
}

function measured({ origin }: Issue): string {
  return origin === 'string' ? 'its length is' : origin === 'array' ? 'the number of entries is' : 'is';
}

/** One line per problem, `field: what is wrong`; bounded in number and length. */
function describeIssues(issues: readonly Issue[]): string[] {
  const lines = issues.slice(0, MAX_PROBLEMS).map((i) => {
    const line = i.path.length === 0 ? describeIssue(i) : `${i.path.join('.')}: ${describeIssue(i)}`;
    return line.length <= MAX_PROBLEM_LENGTH ? line : `${line.slice(0, MAX_PROBLEM_LENGTH).toWellFormed()}…`;
  });
  const more = issues.length - lines.length;
  return more === 0 ? lines : [...lines, `and ${more} more`];
}

/** The parsed value, or its problems. */
export function parseSchema<S extends z.ZodMiniType>(
  schema: S,
  value: unknown,
): { readonly data: z.output<S> } | { readonly problems: string[] } {
  try {
    const result = z.safeParse(schema, value);
    return result.success ? { data: result.data } : { problems: describeIssues(result.error.issues) };
  } catch (e) {
    // The schema library passes a list of problems as arguments, and the stack has room for some 100,000.
    if (e instanceof RangeError) return { problems: ['too many problems to list'] };
    throw e;
  }
}

/** Checks a value against a schema; the message is for people, `details.problems` for programs. */
export function check<S extends z.ZodMiniType>(
  schema: S,
  value: unknown,
  code: 'INVALID_RECORD' | 'INVALID_MANIFEST' | 'USAGE',
  subject: string,
): z.output<S> {
  const result = parseSchema(schema, value);
  if ('data' in result) return result.data;
  const { problems } = result;
  throw new HsError(code, `${subject} is not valid: ${problems.join('; ')}`, { details: { problems } });
}

/** Checks a possibly hostile list of any length; stops at the first invalid value. */
export function checkEach<S extends z.ZodMiniType>(
  schema: S,
  values: readonly unknown[],
  subject: string,
): z.output<S>[] {
  return values.map((value, i) => check(schema, value, 'INVALID_RECORD', `${subject}.${i}`));
}
