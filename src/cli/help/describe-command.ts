import { type Command, hasRows } from '../command.js';
import { globalOptions, jsonlOption, nulOption } from '../globals.js';
import { type Option, type Options, optionName } from '../options.js';
import type { Positional, Positionals } from '../positionals.js';

export interface OptionLine {
  /** As typed, with the value: `-C DIR`, `--name NAME`, `--[no-]exportable`. */
  readonly forms: readonly string[];
  readonly summary: string;
  readonly choices: readonly string[];
}

function value(option: Option<unknown>): string {
  return option.placeholder ?? 'VALUE';
}

function longForm(key: string, option: Option<unknown>): string {
  const name = optionName(key, option);
  switch (option.form) {
    case 'flag':
      return `--${name}`;
    case 'switch':
      return `--[no-]${name}`;
    case 'optional-value':
      return `--${name}[=${value(option)}]`;
    default:
      return `--${name} ${value(option)}`;
  }
}

export function describeOption(key: string, option: Option<unknown>): OptionLine {
  const takesValue = option.form === 'value' || option.form === 'list';
  const short = option.short === undefined ? [] : [`-${option.short}`];
  const forms = option.shortOnly
    ? short.map((form) => (takesValue ? `${form} ${value(option)}` : form))
    : [...short, longForm(key, option)];
  const again = option.form === 'list' ? ' (may be repeated)' : '';
  return { forms, summary: option.summary + again, choices: option.choices ?? [] };
}

/** The options of a command itself, those of its form included. */
export function ownOptions(command: Command): readonly OptionLine[] {
  const formed: Options = {
    ...command.spec.options,
    ...(hasRows(command) ? { jsonl: jsonlOption } : {}),
    ...(command.spec.nul ? { nul: nulOption } : {}),
  };
  return Object.entries(formed).map(([key, option]) => describeOption(key, option));
}

export function commonOptions(): readonly OptionLine[] {
  return Object.entries(globalOptions).map(([key, option]) => describeOption(key, option));
}

function argumentForm(place: Positional<unknown>): string {
  const name = place.many ? `${place.name}...` : place.name;
  if (place.afterDashes) return `-- ${name}`;
  return place.required ? name : `[${name}]`;
}

/** `hs put [OPTION]... [PATH...]`, or what the command says itself. */
export function synopses(command: Command): readonly string[] {
  const { name, synopsis, positionals } = command.spec;
  if (synopsis !== undefined) return synopsis;
  const options = ownOptions(command).map((line) => `[${line.forms.at(-1)!}]`);
  const shown = options.length <= 4 ? options : ['[OPTION]...'];
  return [['hs', name, ...shown, ...Object.values(positionals ?? {}).map(argumentForm)].join(' ')];
}

export function argumentLines(places: Positionals): readonly (readonly [name: string, summary: string])[] {
  return Object.values(places).flatMap((p) => {
    const choices = p.choices === undefined ? undefined : `one of ${p.choices.join(', ')}`;
    const summary = [p.summary, choices].filter((s) => s !== undefined).join('; ');
    return summary === '' ? [] : [[p.name, summary] as const];
  });
}

/** What every command's status can be (cli.md); one table for help, man pages and hs(1). */
export const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'the answer is no: not there, differences, problems found, something to prune',
  2: 'wrong usage',
  3: 'done in part: some of several items failed, and each was reported',
  4: 'not found, or ambiguous',
  5: 'integrity: bytes do not match their hash, a broken chain, an invalid manifest',
  6: 'refused by policy: capability, guard, layer, pin',
  7: 'unsafe path or hostile input',
  8: 'conflict: the destination exists, the plan is stale or applied, a race was lost too often',
  9: 'no store here, or one of an unknown format',
  10: 'the system: disk full, permission, input or output error, or an outcome that cannot be known',
  11: 'a quota that cannot be met',
  70: 'a bug in hs',
  130: 'interrupted',
  143: 'ended by a signal',
};

/** Variables that every command reads. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  HS_STORE: 'the store, instead of searching upwards; --store wins over it',
  HS_ACTOR:
    'who acts: human:NAME, ai_job:NAME or plugin_tool:NAME; by default the user of the operating system',
  HS_JOB_ID: 'the job under which changes are recorded',
  HS_NOW: 'sets the clock, as --now does',
  HS_DEBUG: 'when set, a bug in hs is shown with its stack',
  HS_TRACE:
    'a file to which a line of JSON is appended for each thing done: commands, ledger entries and disk operations with their times, never contents or arguments; 1 or 2: standard error',
  HS_PAGER:
    'on a terminal, what lists are read with (default: PAGER, else less, with LESS=FRX unless LESS is set); empty or cat is none',
  NO_COLOR: 'when set, no colour unless --color says so',
  SOURCE_DATE_EPOCH:
    'the time, in seconds since 1970, that is written inside bundles and other tars (default: that of 1980-01-01)',
};
