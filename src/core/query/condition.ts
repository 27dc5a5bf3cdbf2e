import { HsError } from '../../errors/hs-error.js';
import { LABEL_KEY_PATTERN } from '../manifest/manifest.js';
import { type Timestamp, timestampMs, toTimestamp } from '../objects/ids.js';
import { compileGlob } from '../text/compile-glob.js';
import { normalText } from '../text/normal-form.js';
import { didYouMean } from '../text/suggest.js';
import { BadValue, isDuration, parseDuration, parseTime } from '../text/values.js';
import {
  type AgeField,
  FIELD_NAMES,
  type Field,
  fieldOf,
  LABEL_PREFIX,
  labelIn,
  type TimeField,
} from './fields.js';

const OPERATORS = ['=', '!=', '<', '<=', '>', '>='] as const;
/** `has` and `lacks`: the key alone, and with a `!` before it. */
export type Operator = (typeof OPERATORS)[number] | 'has' | 'lacks';

/** One condition on artifacts, checked: a word, a number, or a time in milliseconds. */
export interface Condition {
  readonly key: string;
  readonly operator: Operator;
  readonly value: string | number;
}

/** As it is typed, or a key and the value that it is to equal. */
export type Filter = string | readonly [key: string, value: string];

const FORM = /^(?<not>!)?(?<key>[^!<>=]+)(?:(?<operator>!=|<=|>=|<|>|=)(?<value>.*))?$/su;

/** The field of that name; USAGE with candidates. */
export function demandField(key: string): Field {
  const label = labelIn(key);
  const field = label === undefined || LABEL_KEY_PATTERN.test(label) ? fieldOf(key) : undefined;
  if (field !== undefined) return field;
  const near = didYouMean(key, FIELD_NAMES);
  throw new HsError('USAGE', `there is no field '${key}'`, {
    hint: `${near === undefined ? '' : `did you mean '${near}'? `}one of ${FIELD_NAMES.join(', ')}, ${LABEL_PREFIX}KEY`,
  });
}

function impossible(key: string, operator: string, value: string, hint?: string): HsError {
  return new HsError(
    'USAGE',
    `the filter '${key}${operator}${value}' cannot match anything`,
    hint === undefined ? {} : { hint },
  );
}

function incomparable(key: string, operator: string, form: string): HsError {
  return new HsError('USAGE', `'${key}' cannot be compared with '${operator}'`, { hint: `write ${form}` });
}

/**
 * Nobody can tell whether `stored>30d` is what is older than that or what came since, and `rm` takes filters too: USAGE,
 * with what to write for either.
 */
function toTime(key: string, { ahead }: TimeField, operator: string, raw: string, now: Timestamp): number {
  if (!ahead && isDuration(raw)) {
    const creation = key === 'created' ? `; by when it was created: created<-${raw} or created>-${raw}` : '';
    throw new HsError('USAGE', `the filter '${key}${operator}${raw}' compares a time with a duration`, {
      hint: `older than ${raw}: age>${raw}; younger: age<${raw}${creation}`,
    });
  }
  return timestampMs(parseTime(raw, timestampMs(now), ahead && 1));
}

const SINCE: Readonly<Record<string, Operator>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** `age>30d` as a condition on the time from which the age counts: `stored<` thirty days before now. */
function sinceCondition(
  key: string,
  { since }: AgeField,
  operator: string,
  raw: string,
  now: Timestamp,
): Condition {
  const flipped = SINCE[operator];
  if (flipped === undefined) throw incomparable(key, operator, `${key}>DURATION or ${key}<DURATION`);
  try {
    parseDuration(raw);
    return { key: since, operator: flipped, value: timestampMs(parseTime(raw, timestampMs(now), -1)) };
  } catch (e) {
    if (!(e instanceof BadValue)) throw e;
    throw impossible(key, operator, raw, `'${raw}' is ${e.message}`);
  }
}

function toValue(
  key: string,
  field: Exclude<Field, AgeField>,
  operator: string,
  raw: string,
  now: Timestamp,
): Condition['value'] {
  const ordered = operator.startsWith('<') || operator.startsWith('>');
  if (field.type === 'flag' || (ordered && field.type === 'word')) {
    const hint = field.type === 'flag' ? `${key} or !${key}` : `${key}=VALUE or ${key}!=VALUE`;
    throw incomparable(key, operator, hint);
  }
  try {
    if (field.type === 'number') return field.parse(raw);
    if (field.type === 'time') return toTime(key, field, operator, raw, now);
  } catch (e) {
    if (!(e instanceof BadValue)) throw e;
    throw impossible(key, operator, raw, `'${raw}' is ${e.message}`);
  }
  const value = normalText(raw);
  const { values } = field;
  if (values instanceof RegExp ? values.test(value) : (values?.includes(value) ?? true)) {
    if (values === undefined) compileGlob(value);
    return value;
  }
  if (values instanceof RegExp) throw impossible(key, operator, raw);
  const near = didYouMean(value, values!);
  const hint = `${near === undefined ? '' : `did you mean '${near}'? `}${key} is one of ${values!.join(', ')}`;
  throw impossible(key, operator, raw, hint);
}

/**
 * Parses a filter: `KEY=VALUE`, with `!=`, `<`, `<=`, `>` or `>=` in its place, `KEY` for artifacts that have one, `!KEY`
 * for those that do not. USAGE for an unknown key or value, with candidates.
 */
export function toCondition(filter: Filter, now: Timestamp): Condition {
  const typed = typeof filter === 'string' ? filter : `${filter[0]}=${filter[1]}`;
  const { not, key, operator, value } = FORM.exec(typed)?.groups ?? {};
  if (key === undefined || (not !== undefined && operator !== undefined)) {
    throw new HsError('USAGE', `'${typed}' is not of the form KEY=VALUE`, {
      hint: 'KEY=VALUE, KEY!=VALUE, KEY<VALUE, KEY>VALUE, KEY or !KEY',
    });
  }
  const field = demandField(key);
  if (operator === undefined) return { key, operator: not === undefined ? 'has' : 'lacks', value: '' };
  if (field.type === 'age') return sinceCondition(key, field, operator, value!, now);
  return { key, operator: operator as Operator, value: toValue(key, field, operator, value!, now) };
}

/** The condition as a filter that `toCondition` reads as the same one at any time. */
export function conditionText({ key, operator, value }: Condition): string {
  if (operator === 'has') return key;
  if (operator === 'lacks') return `!${key}`;
  const isTime = demandField(key).type === 'time';
  return `${key}${operator}${isTime ? toTimestamp(value as number) : value}`;
}
