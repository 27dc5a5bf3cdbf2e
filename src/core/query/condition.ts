import { HsError } from '../../errors/hs-error.js';
import { LABEL_KEY_PATTERN } from '../manifest/manifest.js';
import { type Timestamp, timestampMs, toTimestamp } from '../objects/ids.js';
import { compileGlob } from '../text/compile-glob.js';
import { normalText } from '../text/normal-form.js';
import { didYouMean } from '../text/suggest.js';
import { BadValue, parseTime } from '../text/values.js';
import { FIELD_NAMES, type Field, fieldOf, LABEL_PREFIX, labelIn, type TimeField } from './fields.js';

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

/** A bare duration counts in the direction of the field: `created>7d` is within a week, as is `expires<7d`. */
function toTime({ sign }: TimeField, raw: string, now: Timestamp): number {
  return timestampMs(parseTime(raw, timestampMs(now), sign));
}

function toValue(
  key: string,
  field: Field,
  operator: string,
  raw: string,
  now: Timestamp,
): Condition['value'] {
  const ordered = operator.startsWith('<') || operator.startsWith('>');
  if (field.type === 'flag' || (ordered && field.type === 'word')) {
    const hint = field.type === 'flag' ? `${key} or !${key}` : `${key}=VALUE or ${key}!=VALUE`;
    throw new HsError('USAGE', `'${key}' cannot be compared with '${operator}'`, { hint: `write ${hint}` });
  }
  try {
    if (field.type === 'number') return field.parse(raw);
    if (field.type === 'time') return toTime(field, raw, now);
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
  return { key, operator: operator as Operator, value: toValue(key, field, operator, value!, now) };
}

/** The condition as a filter that `toCondition` reads as the same one at any time. */
export function conditionText({ key, operator, value }: Condition): string {
  if (operator === 'has') return key;
  if (operator === 'lacks') return `!${key}`;
  const isTime = demandField(key).type === 'time';
  return `${key}${operator}${isTime ? toTimestamp(value as number) : value}`;
}
