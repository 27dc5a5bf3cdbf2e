import type { Timestamp } from '../core/objects/ids.js';
import { BadValue, parseBytes, parseInteger, parseTime } from '../core/text/values.js';

/** What completion offers for a value or an argument. */
export type Completion =
  | 'artifact'
  | 'name'
  | 'pin'
  | 'report'
  | 'sort'
  | 'filter'
  | 'label'
  | 'job'
  | 'object'
  | 'kind'
  | 'file'
  | 'directory'
  | 'command'
  | 'schema'
  | 'target'
  | 'none';

export interface ParseContext {
  /** The clock of the command (`--now` if set), for relative times. Milliseconds. */
  readonly now: number;
}

/** Parses one raw string, or throws {@link BadValue} or an {@link HsError}. */
export type Parser<T> = (raw: string, context: ParseContext) => T;

/** One option as data: parser, help, man page and completion all derive from it. */
export interface Option<T> {
  readonly form: 'flag' | 'switch' | 'value' | 'optional-value' | 'list';
  readonly short?: string;
  /** Has no long form, such as `-C`. */
  readonly shortOnly?: true;
  readonly summary: string;
  /** Placeholder for the value in help: `DAYS`. */
  readonly placeholder?: string;
  readonly choices?: readonly string[];
  readonly complete?: Completion;
  /** Cannot be given together with `--json` or `--jsonl`. */
  readonly withoutJson?: true;
  /** The value if the option is not given. */
  readonly absent: T;
  readonly parse: Parser<unknown>;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

interface Extra {
  readonly short?: string;
  readonly shortOnly?: true;
  readonly complete?: Completion;
  readonly withoutJson?: true;
}

const unused: Parser<never> = () => {
  throw new BadValue('takes no value');
};
const asIs: Parser<string> = (raw) => raw;

/** `-w, --write`: present or not. */
export function flag(short: string | undefined, summary: string, extra: Extra = {}): Option<boolean> {
  return {
    form: 'flag',
    summary,
    absent: false,
    parse: unused,
    ...(short === undefined ? {} : { short }),
    ...extra,
  };
}

/** `--exportable` or `--no-exportable`; `undefined` if neither is given. */
export function onOff(summary: string, extra: Extra = {}): Option<boolean | undefined> {
  return { form: 'switch', summary, absent: undefined, parse: unused, ...extra };
}

/** `--name NAME`, at most once. `parse` converts it to a checked type. */
export function text(placeholder: string, summary: string, extra?: Extra): Option<string | undefined>;
export function text<T>(
  placeholder: string,
  summary: string,
  extra: Extra & { readonly parse: Parser<T> },
): Option<T | undefined>;
export function text(
  placeholder: string,
  summary: string,
  extra: Extra & { readonly parse?: Parser<unknown> } = {},
): Option<unknown> {
  return { form: 'value', placeholder, summary, absent: undefined, parse: asIs, ...extra };
}

/** `--source ID --source ID`: any number of times. */
export function list(placeholder: string, summary: string, extra?: Extra): Option<readonly string[]>;
export function list<T>(
  placeholder: string,
  summary: string,
  extra: Extra & { readonly parse: Parser<T> },
): Option<readonly T[]>;
export function list(
  placeholder: string,
  summary: string,
  extra: Extra & { readonly parse?: Parser<unknown> } = {},
): Option<unknown> {
  return { form: 'list', placeholder, summary, absent: [], parse: asIs, ...extra };
}

/** `--batch-check[=FORMAT]`: `undefined` if absent, `true` without a value, else the value. */
export function optionalText(
  placeholder: string,
  summary: string,
  extra: Extra = {},
): Option<string | true | undefined> {
  return { form: 'optional-value', placeholder, summary, absent: undefined, parse: asIs, ...extra };
}

/** `--kind KIND`, one of a closed set. */
export function choice<const C extends readonly string[]>(
  choices: C,
  placeholder: string,
  summary: string,
  extra: Extra = {},
): Option<C[number] | undefined> {
  const parse: Parser<C[number]> = (raw) => {
    if (!choices.includes(raw)) throw new BadValue(`not one of ${choices.join(', ')}`);
    return raw;
  };
  return { form: 'value', placeholder, summary, choices, absent: undefined, parse, ...extra };
}

export function integer(
  placeholder: string,
  summary: string,
  range: { readonly min?: number; readonly max?: number } = {},
  extra: Extra = {},
): Option<number | undefined> {
  return {
    form: 'value',
    placeholder,
    summary,
    absent: undefined,
    parse: (raw) => parseInteger(raw, range),
    ...extra,
  };
}

/** A number of bytes: `1048576`, `512MiB`, `2GB`. */
export function bytes(placeholder: string, summary: string, extra: Extra = {}): Option<number | undefined> {
  return { form: 'value', placeholder, summary, absent: undefined, parse: parseBytes, ...extra };
}

/** A point in time: `2026-01-31`, `2026-01-31T12:00:00Z`, `-7d`, `+30d`. */
export function time(placeholder: string, summary: string, extra: Extra = {}): Option<Timestamp | undefined> {
  return {
    form: 'value',
    placeholder,
    summary,
    absent: undefined,
    parse: (raw, { now }) => parseTime(raw, now),
    ...extra,
  };
}

/** A time that has been; a bare duration counts back: `7d` is `-7d`. */
export function pastTime(
  placeholder: string,
  summary: string,
  extra: Extra = {},
): Option<Timestamp | undefined> {
  const parse: Parser<Timestamp> = (raw, { now }) => parseTime(raw, now, -1);
  return { form: 'value', placeholder, summary, absent: undefined, parse, ...extra };
}

/** `noProgress` → `no-progress`; `-C` and `-z` have only their letter. */
export function optionName(key: string, option: Option<unknown>): string {
  return option.shortOnly ? option.short! : key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
}

/** As the user types it: `--ttl`, `-z`. */
export function optionLabel(key: string, option: Option<unknown>): string {
  return option.shortOnly ? `-${option.short}` : `--${optionName(key, option)}`;
}
