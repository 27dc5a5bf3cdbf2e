import type { Completion, Parser } from './options.js';

/** One positional argument as data. */
export interface Positional<T> {
  readonly name: string;
  readonly many: boolean;
  readonly required: boolean;
  /** Takes everything after `--`, unparsed. */
  readonly afterDashes?: true;
  /** Only with this option; without it, the words after `--` are ordinary arguments. */
  readonly under?: string;
  readonly summary?: string;
  readonly complete?: Completion;
  readonly choices?: readonly string[];
  readonly read: (raws: readonly string[], one: (raw: string, parse: Parser<unknown>) => unknown) => T;
}

export type Positionals = Readonly<Record<string, Positional<unknown>>>;
export type Arguments<P extends Positionals> = {
  readonly [K in keyof P]: P[K] extends Positional<infer T> ? T : never;
};

interface Extra<T> {
  readonly summary?: string;
  readonly complete?: Completion;
  readonly choices?: readonly string[];
  readonly parse?: Parser<T>;
}

type Plain = Omit<Extra<never>, 'parse'> & { readonly parse?: never };
type Parsing<T> = Extra<T> & { readonly parse: Parser<T> };

function describe<T>({ parse: _, ...rest }: Extra<T>): Omit<Extra<T>, 'parse'> {
  return rest;
}

const asIs: Parser<string> = (raw) => raw;

/** Exactly one: `HASH`. */
export function one(name: string, extra?: Plain): Positional<string>;
export function one<T>(name: string, extra: Parsing<T>): Positional<T>;
export function one<T>(name: string, extra: Extra<T> = {}): Positional<T> {
  const parse: Parser<unknown> = extra.parse ?? asIs;
  return { name, many: false, required: true, ...describe(extra), read: ([raw], p) => p(raw!, parse) as T };
}

/** One or none: `[DIR]`. */
export function maybe(name: string, extra?: Plain): Positional<string | undefined>;
export function maybe<T>(name: string, extra: Parsing<T>): Positional<T | undefined>;
export function maybe<T>(name: string, extra: Extra<T> = {}): Positional<T | undefined> {
  const parse: Parser<unknown> = extra.parse ?? asIs;
  return {
    name,
    many: false,
    required: false,
    ...describe(extra),
    read: ([raw], p) => (raw === undefined ? undefined : (p(raw, parse) as T)),
  };
}

/** One or more: `ID...`. */
export function some(name: string, extra?: Plain): Positional<readonly string[]>;
export function some<T>(name: string, extra: Parsing<T>): Positional<readonly T[]>;
export function some<T>(name: string, extra: Extra<T> = {}): Positional<readonly T[]> {
  const parse: Parser<unknown> = extra.parse ?? asIs;
  return {
    name,
    many: true,
    required: true,
    ...describe(extra),
    read: (raws, p) => raws.map((raw) => p(raw, parse) as T),
  };
}

/** Any number: `[FILE...]`. */
export function many(name: string, extra?: Plain): Positional<readonly string[]>;
export function many<T>(name: string, extra: Parsing<T>): Positional<readonly T[]>;
export function many<T>(name: string, extra: Extra<T> = {}): Positional<readonly T[]> {
  return { ...some(name, extra as Parsing<T>), required: false };
}

/** Everything after `--`, unparsed: `-- COMMAND...`. */
export function afterDashes(name: string, summary?: string, under?: string): Positional<readonly string[]> {
  return {
    name,
    many: true,
    required: true,
    afterDashes: true,
    ...(summary === undefined ? {} : { summary }),
    ...(under === undefined ? {} : { under }),
    read: (raws) => raws,
  };
}
