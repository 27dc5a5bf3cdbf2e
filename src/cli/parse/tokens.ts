import { didYouMean } from '../../core/suggest.js';
import { HsError } from '../../errors/hs-error.js';
import { type Option, type Options, optionName } from '../options.js';

/** Stands before every value: yargs takes quotation marks off a value that begins with one. */
export const VALUE_MARK = ':';

/** Arguments sorted so that no parser has anything to guess. */
export interface Tokens {
  /** `--key=:value` and `--key` only, by their long names. */
  readonly options: readonly string[];
  readonly positionals: readonly string[];
  /** What followed `--`; `undefined` without it. */
  readonly afterDashes: readonly string[] | undefined;
}

interface Known {
  readonly key: string;
  readonly option: Option<unknown>;
  readonly long: string;
}

function usage(message: string, hint?: string): HsError {
  return new HsError('USAGE', message, hint === undefined ? {} : { hint });
}

/**
 * Splits the command line by the option table. yargs, left alone, takes `true` and `false` after a
 * flag as its value, reads `-n5` as a number, and loses what `--flag=x` says.
 */
export function tokenize(argv: readonly string[], table: Options): Tokens {
  const { long, short } = names(table);
  const options: string[] = [];
  const positionals: string[] = [];
  let i = 0;

  const isOption = (token: string) =>
    token.startsWith('--')
      ? token === '--' || long.has(token.slice(2).split('=')[0]!)
      : short.has(token[1] ?? '') && token[0] === '-';
  const valueFor = (label: string, attached: string | undefined): string => {
    if (attached !== undefined) return attached;
    const next = argv[i + 1];
    if (next === undefined) throw usage(`option '${label}' needs a value`);
    if (isOption(next)) {
      throw usage(
        `option '${label}' needs a value, and '${next}' is an option`,
        `write ${label}=${next} if that is meant`,
      );
    }
    i++;
    return next;
  };
  const take = (known: Known, label: string, attached: string | undefined, glued: boolean): void => {
    const { option, long: name } = known;
    if (option.form === 'flag' || option.form === 'switch') {
      if (attached !== undefined) throw usage(`option '${label}' takes no value`);
      options.push(`--${name}`);
    } else if (option.form === 'optional-value') {
      if (glued) throw usage(`option '${label}' takes its value after '='`);
      options.push(`--${name}=${VALUE_MARK}${attached ?? ''}`);
    } else {
      options.push(`--${name}=${VALUE_MARK}${valueFor(label, attached)}`);
    }
  };

  for (; i < argv.length; i++) {
    const token = argv[i]!;
    if (token === '--') return { options, positionals, afterDashes: argv.slice(i + 1) };
    if (token === '-' || !token.startsWith('-') || /^-\d/.test(token)) {
      positionals.push(token);
    } else if (token.startsWith('--')) {
      const equals = token.indexOf('=');
      const label = equals < 0 ? token : token.slice(0, equals);
      const known = long.get(label.slice(2));
      if (known === undefined)
        throw unknownOption(
          label,
          [...long.keys()].map((n) => `--${n}`),
        );
      take(known, label, equals < 0 ? undefined : token.slice(equals + 1), false);
    } else {
      for (let at = 1; at < token.length; at++) {
        const label = `-${token[at]}`;
        const known = short.get(token[at]!);
        if (known === undefined) throw unknownOption(label, []);
        const rest = token.slice(at + 1);
        const isFlag = known.option.form === 'flag' || known.option.form === 'switch';
        if (isFlag && !rest.startsWith('=')) {
          take(known, label, undefined, false);
          continue;
        }
        take(
          known,
          label,
          rest === '' ? undefined : rest.replace(/^=/, ''),
          !rest.startsWith('=') && rest !== '',
        );
        break;
      }
    }
  }
  return { options, positionals, afterDashes: undefined };
}

function unknownOption(label: string, all: readonly string[]): HsError {
  const guess = didYouMean(label, all);
  return usage(`unknown option '${label}'`, guess === undefined ? undefined : `did you mean ${guess}?`);
}

function names(table: Options): { long: Map<string, Known>; short: Map<string, Known> } {
  const long = new Map<string, Known>();
  const short = new Map<string, Known>();
  for (const [key, option] of Object.entries(table)) {
    const name = optionName(key, option);
    const known = { key, option, long: name };
    if (!option.shortOnly) long.set(name, known);
    if (option.form === 'switch') long.set(`no-${name}`, { key, option, long: `no-${name}` });
    if (option.short !== undefined) short.set(option.short, known);
  }
  return { long, short };
}

/** Where the first word is that is no option and no value of one, and what stands before it. */
export function findCommand(
  argv: readonly string[],
  table: Options,
): { at: number; before: readonly string[] } {
  const { long, short } = names(table);
  const takesNext = (token: string): boolean => {
    const letters = [...token.slice(1)];
    const known = token.startsWith('--')
      ? [long.get(token.slice(2))]
      : letters.map((letter) => short.get(letter));
    // In `-qC DIR` it is the last letter; in `-Cq` the rest is the value.
    const value = known.findIndex((k) => k?.option.form === 'value' || k?.option.form === 'list');
    return value >= 0 && value === known.length - 1;
  };
  for (let i = 0; i < argv.length; i++) {
    const token = argv[i]!;
    if (token === '--') return { at: i + 1, before: argv.slice(0, i) };
    if (!token.startsWith('-') || token === '-') return { at: i, before: argv.slice(0, i) };
    if (argv[i + 1] !== '--' && takesNext(token)) i++;
  }
  return { at: argv.length, before: argv };
}
