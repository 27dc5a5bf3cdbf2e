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

/** The options of a command itself, including those of its form. */
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

/** `hs put [OPTION]... [PATH...]`, or the command's own synopsis. */
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

/** The exit statuses common to all commands (cli.md); one table for help, man pages and hs(1). */
export const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'the answer is no: it does not exist, there are differences or problems, something would be removed',
  2: 'usage error',
  3: 'partly done: some items failed, and each was reported',
  4: 'not found, or ambiguous',
  5: 'integrity error: bytes do not match their hash, the chain is broken, a manifest is invalid',
  6: 'refused by policy: a capability, the guard, a layer, a pin',
  7: 'unsafe path or hostile input',
  8: 'conflict: the destination exists, the plan is stale or already applied, too many races were lost',
  9: 'no store found, or its format is unknown',
  10: 'system error: disk full, permission denied, I/O error, or an unknown outcome',
  11: 'a quota cannot be met',
  70: 'a bug in hs',
  130: 'interrupted',
  143: 'terminated',
};

/** Variables that every command reads. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  HS_STORE: 'the store to use instead of searching for one; --store overrides it',
  HS_ACTOR:
    'the actor: human:NAME, ai_job:NAME or plugin_tool:NAME (default: the user of the operating system)',
  HS_JOB_ID: 'the job that changes are recorded under',
  HS_NOW: 'sets the clock, as --now does',
  HS_DEBUG: 'if set, a bug in hs is reported with its whole stack',
  HS_TRACE:
    'a file to append a line of JSON to for each command, ledger entry, disk operation and request to a service, with its time but never contents, arguments or credentials; 1 or 2: standard error',
  HS_MIRROR_SIZE:
    'how much of the objects and packs of a store on a service is kept on this machine, such as 512MiB (default: 10GiB)',
  HS_OFFLINE: '1: as --offline',
  HS_PAGER:
    'the pager for lists on a terminal (default: PAGER, or else less, with LESS=FRX unless LESS is set); empty or cat: none',
  NO_COLOR: 'if set, no colour unless --color says otherwise',
  SOURCE_DATE_EPOCH:
    'the time written inside bundles and other tars, in seconds since 1970, to 2147483647 (default: 1980-01-01)',
};
