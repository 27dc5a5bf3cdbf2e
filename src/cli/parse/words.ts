import { Parser } from 'yargs/helpers';
import { didYouMean } from '../../core/text/suggest.js';
import { HsError } from '../../errors/hs-error.js';
import { type Option, type Options, optionName } from '../options.js';

/** A parsed command line: raw strings by option key, and the arguments in order. */
export interface Words {
  /**
   * True for a flag, false for `--no-NAME`; for an option with a value each string given, `''` for a bare optional one.
   */
  readonly options: ReadonlyMap<string, boolean | readonly string[]>;
  readonly positionals: readonly string[];
  /** The words after `--`; `undefined` without it. */
  readonly afterDashes: readonly string[] | undefined;
}

/** The spellings of the options of a table: `--name`, `--no-name`, `-n`. */
interface Spelling {
  readonly key: string;
  readonly option: Option<unknown>;
  /** The key under which yargs stores the value. */
  readonly name: string;
}

type Spellings = ReadonlyMap<string, Spelling>;

function spellingsOf(table: Options): Spellings {
  const spellings = new Map<string, Spelling>();
  for (const [key, option] of Object.entries(table)) {
    const name = optionName(key, option);
    const spelling = { key, option, name };
    if (!option.shortOnly) spellings.set(`--${name}`, spelling);
    if (option.form === 'switch') spellings.set(`--no-${name}`, { key, option, name: `no-${name}` });
    if (option.short !== undefined) spellings.set(`-${option.short}`, spelling);
  }
  return spellings;
}

function takesNoValue({ option }: Spelling): boolean {
  return option.form === 'flag' || option.form === 'switch';
}

/** The value is a separate word, unless joined by `=`. */
function wantsValue({ option }: Spelling): boolean {
  return option.form === 'value' || option.form === 'list';
}

function usage(message: string, hint?: string): HsError {
  return new HsError('USAGE', message, hint === undefined ? {} : { hint });
}

function unknownOption(label: string, spellings: Spellings): HsError {
  const long = [...spellings.keys()].filter((s) => s.startsWith('--'));
  const guess = label.startsWith('--') ? didYouMean(label, long) : undefined;
  return usage(`unknown option '${label}'`, guess === undefined ? undefined : `did you mean ${guess}?`);
}

/** Numbers such as `-5` are arguments, and so is a lone `-`. */
function looksLikeOption(word: string): boolean {
  return word.startsWith('-') && word !== '-' && !/^-\d/.test(word);
}

/**
 * Rewrites `-wnVALUE` as `-w --name=VALUE`: yargs reads a group of short options letter by letter, and would take the V
 * of a joined value for an option. Throws on an unknown letter.
 */
function ungrouped(group: string, spellings: Spellings): string[] {
  const words: string[] = [];
  for (let at = 1; at < group.length; at++) {
    const label = `-${group[at]}`;
    const spelling = spellings.get(label);
    if (spelling === undefined) throw unknownOption(label, spellings);
    const rest = group.slice(at + 1);
    const joined = rest.startsWith('=');
    if (rest === '' || (takesNoValue(spelling) && !joined)) {
      words.push(label);
      continue;
    }
    if (takesNoValue(spelling)) throw usage(`option '${label}' takes no value`);
    if (!joined && !wantsValue(spelling)) throw usage(`option '${label}' takes its value after '='`);
    return [...words, `--${spelling.name}=${rest.replace(/^=/, '')}`];
  }
  return words;
}

/** Checks what yargs accepts silently: unknown options, missing values, and values where none belongs. */
function checked(argv: readonly string[], spellings: Spellings): string[] {
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--') return [...words, ...argv.slice(i)];
    if (!looksLikeOption(word)) {
      words.push(word);
      continue;
    }
    const isGroup = !word.startsWith('--');
    words.push(...(isGroup ? ungrouped(word, spellings) : [word]));
    const last = words.pop()!;
    const label = last.split('=')[0]!;
    const spelling = spellings.get(label);
    const joined = label !== last;
    if (spelling === undefined && !(isGroup && joined)) throw unknownOption(label, spellings);
    if (spelling === undefined || joined) {
      if (spelling !== undefined && takesNoValue(spelling)) throw usage(`option '${label}' takes no value`);
      words.push(last);
    } else if (wantsValue(spelling)) words.push(last, valueAfter(label, argv[++i], spellings));
    else words.push(takesNoValue(spelling) ? last : `--${spelling.name}=`);
  }
  return words;
}

function valueAfter(label: string, next: string | undefined, spellings: Spellings): string {
  if (next === undefined) throw usage(`option '${label}' needs a value`);
  const spelled = next.startsWith('--') ? next.split('=')[0]! : next.slice(0, 2);
  if (next === '--' || spellings.has(spelled)) {
    throw usage(
      `option '${label}' needs a value, and '${next}' is an option`,
      `write ${label}=${next} if that is meant`,
    );
  }
  return next;
}

/**
 * Parses a command line by a table of options with yargs, with all its guessing disabled: it would turn ids into
 * numbers, take `true` after a flag for its value, and decide by the look of the next word whether it is a value.
 */
export function readWords(argv: readonly string[], table: Options): Words {
  const spellings = spellingsOf(table);
  const all = [...spellings.values()];
  const flags = all.filter(takesNoValue).map((s) => s.name);
  const values = all.filter((s) => !takesNoValue(s)).map((s) => s.name);
  const found: Record<string, unknown> = Parser([...checked(argv, spellings)], {
    boolean: flags,
    string: values,
    // The number of words per option is stated: otherwise yargs guesses from the next word, and unquotes the value
    // after `=`.
    narg: Object.fromEntries([...flags.map((name) => [name, 0]), ...values.map((name) => [name, 1])]),
    alias: Object.fromEntries(
      all.flatMap(({ option, name }) => (option.short === undefined ? [] : [[option.short, name]])),
    ),
    configuration: {
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'nargs-eats-options': true,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
      // `-5x` is an argument like `-5`; other words with a leading dash have been checked.
      'unknown-options-as-args': true,
    },
  });
  const options = new Map<string, boolean | readonly string[]>();
  for (const { key, option, name } of all) {
    const value = found[name];
    if (value === undefined) continue;
    if (!takesNoValue({ key, option, name })) options.set(key, [value].flat() as string[]);
    else if (options.has(key) && options.get(key) !== (name === optionName(key, option))) {
      const own = optionName(key, option);
      throw usage(`'--${own}' and '--no-${own}' say opposite things`);
    } else options.set(key, name === optionName(key, option));
  }
  return {
    options,
    positionals: found._ as readonly string[],
    afterDashes: argv.includes('--') ? ((found['--'] ?? []) as readonly string[]) : undefined,
  };
}

/** The index of the first word that is neither an option nor its value, and the words before it. */
export function findCommand(
  argv: readonly string[],
  table: Options,
): { at: number; before: readonly string[] } {
  const spellings = spellingsOf(table);
  const takesNext = (word: string): boolean => {
    const labels = word.startsWith('--') ? [word] : [...word.slice(1)].map((letter) => `-${letter}`);
    // In `-qC DIR` it is the last letter; in `-Cq` the rest is the value.
    const value = labels.findIndex((label) => {
      const spelling = spellings.get(label);
      return spelling !== undefined && wantsValue(spelling);
    });
    return value >= 0 && value === labels.length - 1;
  };
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--') return { at: i + 1, before: argv.slice(0, i) };
    if (!word.startsWith('-') || word === '-') return { at: i, before: argv.slice(0, i) };
    if (argv[i + 1] !== '--' && takesNext(word)) i++;
  }
  return { at: argv.length, before: argv };
}
