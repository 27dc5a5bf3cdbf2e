import { BadValue, parsed, parseTime } from '../../core/text/values.js';
import { HsError } from '../../errors/hs-error.js';
import { type Command, hasRows } from '../command.js';
import { checkGlobals, type GlobalValues, globalOptions, jsonlOption, nulOption } from '../globals.js';
import { type Option, type Options, optionLabel } from '../options.js';
import type { Positional, Positionals } from '../positionals.js';
import { findCommand, readWords, type Words } from './words.js';

export interface Invocation {
  readonly globals: GlobalValues;
  readonly options: Readonly<Record<string, unknown>>;
  readonly args: Readonly<Record<string, unknown>>;
  /** `--now` or `HS_NOW`, in milliseconds. */
  readonly setClock: number | undefined;
}

/** Every option that `command` takes: its own, the common ones, and those of its form. */
export function optionsOf(command: Command): Options {
  return {
    ...globalOptions,
    ...(hasRows(command) ? { jsonl: jsonlOption } : {}),
    ...(command.spec.nul ? { nul: nulOption } : {}),
    ...command.spec.options,
  };
}

/** Whether it runs a program, whose name and arguments follow `--`. */
export function takesProgram(command: Command): boolean {
  return Object.values(command.spec.positionals ?? {}).some(
    (place) => place.afterDashes && place.under === undefined,
  );
}

/** Converts raw strings to typed values; every error is a usage error. */
export function parse(
  command: Command,
  argv: readonly string[],
  surroundings: { readonly now: number; readonly hsNow: string | undefined },
): Invocation {
  const table = optionsOf(command);
  if (takesProgram(command)) demandDashes(argv, table);
  const words = readWords(argv, table);
  const raw = words.options;
  const setClock = clockOf(raw.get('now'), surroundings);
  const context = { now: setClock ?? surroundings.now };
  const values: Record<string, unknown> = { jsonl: false, nul: false };
  for (const [key, option] of Object.entries(table)) {
    values[key] = readValue(key, option, raw.get(key), context);
  }
  const globals = values as unknown as GlobalValues;
  const given = Object.entries(command.spec.options ?? {})
    .filter(([key, option]) => option.withoutJson && raw.has(key))
    .map(([key, option]) => optionLabel(key, option));
  const { streams } = command.spec;
  const options = Object.fromEntries(
    Object.keys(command.spec.options ?? {}).map((key) => [key, values[key]]),
  );
  checkGlobals(
    globals,
    {
      streams: typeof streams === 'function' ? streams(options) : streams === true,
      hasDocument: command.spec.resultSchema !== undefined,
    },
    given,
  );
  return {
    globals,
    options,
    args: readArguments(command.spec.positionals ?? {}, words, context, options),
    setClock,
  };
}

/** Checked first: options after a program's name are not those of hs. */
function demandDashes(argv: readonly string[], table: Options): void {
  const { at, before } = findCommand(argv, table);
  if (at === argv.length || before.length < at) return;
  throw new HsError('USAGE', `unexpected argument '${argv[at]}'`, {
    hint: "put '--' before the command to run",
  });
}

type Raw = boolean | readonly string[];

function readValue(
  key: string,
  option: Option<unknown>,
  raw: Raw | undefined,
  context: { now: number },
): unknown {
  if (raw === undefined) return option.absent;
  if (typeof raw === 'boolean') return raw;
  const label = optionLabel(key, option);
  const read = (one: string) => parsed(`'${label}'`, one, () => option.parse(one, context));
  if (option.form === 'list') return raw.map(read);
  if (raw.length > 1) throw new HsError('USAGE', `option '${label}' was given ${raw.length} times`);
  const value = raw[0]!;
  return option.form === 'optional-value' && value === '' ? true : read(value);
}

function clockOf(
  raw: Raw | undefined,
  { now, hsNow }: { readonly now: number; readonly hsNow: string | undefined },
): number | undefined {
  const given = typeof raw === 'object' ? raw[0] : undefined;
  const text = given ?? hsNow;
  if (text === undefined || text === '') return undefined;
  return Date.parse(parsed(given === undefined ? 'HS_NOW' : "'--now'", text, () => parseTime(text, now)));
}

function readArguments(
  places: Positionals,
  words: Words,
  context: { now: number },
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const isTaken = ({ under }: Positional<unknown>) => under === undefined || options[under] === true;
  const wantsDashes = Object.values(places).some((p) => p.afterDashes && isTaken(p));
  const queue = [...words.positionals, ...(wantsDashes ? [] : (words.afterDashes ?? []))];
  const args: Record<string, unknown> = {};
  for (const [key, place] of Object.entries(places)) {
    const raws = place.afterDashes
      ? isTaken(place)
        ? (words.afterDashes ?? [])
        : []
      : queue.splice(0, place.many ? queue.length : 1);
    if (isTaken(place) && place.required && raws.length === 0) {
      throw new HsError('USAGE', `${place.name} is missing${place.afterDashes ? ` after '--'` : ''}`);
    }
    args[key] = place.read(raws, (raw, parse) =>
      parsed(place.name, raw, () => checked(place.choices, raw, parse(raw, context))),
    );
  }
  if (queue.length > 0) {
    throw new HsError('USAGE', `unexpected argument '${queue[0]}'`);
  }
  return args;
}

function checked<T>(choices: readonly string[] | undefined, raw: string, value: T): T {
  if (choices !== undefined && !choices.includes(raw)) throw new BadValue(`not one of ${choices.join(', ')}`);
  return value;
}
