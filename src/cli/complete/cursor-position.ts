import type { Command } from '../command.js';
import type { CommandTable } from '../command-table.js';
import { globalOptions } from '../globals.js';
import { lookUp } from '../main.js';
import { type Completion, type Option, type Options, optionName } from '../options.js';
import { optionsOf } from '../parse/parse.js';
import { findCommand } from '../parse/words.js';

/** What is expected at the cursor. */
export type Place =
  | { readonly what: 'command'; readonly after: string | undefined }
  | { readonly what: 'option'; readonly table: Options }
  | {
      readonly what: 'value';
      readonly complete: Completion;
      readonly choices: readonly string[];
      /** What precedes the value in the same word: `--kind=`. */
      readonly before: string;
    };

const FREE: Place = { what: 'value', complete: 'none', choices: [], before: '' };

/** Determines what the last of `words`, which may be empty, is; the words before it are complete. */
export async function placeOf(table: CommandTable, words: readonly string[]): Promise<Place> {
  const done = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const { at } = findCommand(done, globalOptions);
  const named = done.slice(at);
  const found = lookUp(table, named);
  const isGroup = named.length === 1 && Object.keys(table).some((name) => name.startsWith(`${named[0]} `));
  if (found === undefined && named.length > 0 && !isGroup) return FREE;
  const command = found === undefined ? undefined : await table[found.name]!.load();
  const options = command === undefined ? globalOptions : optionsOf(command);
  const rest = found === undefined ? done : [...done.slice(0, at), ...named.slice(found.words)];
  const option = optionPlace(options, rest, current);
  if (option !== undefined) return option;
  if (command === undefined) return { what: 'command', after: isGroup ? named[0]! : undefined };
  return argumentPlace(command, options, rest);
}

function byToken(options: Options, token: string): readonly [string, Option<unknown>] | undefined {
  return Object.entries(options).find(([key, option]) =>
    token.startsWith('--')
      ? !option.shortOnly && token === `--${optionName(key, option)}`
      : token.length === 2 && option.short === token[1],
  );
}

function takesNext(option: Option<unknown> | undefined): boolean {
  return option?.form === 'value' || option?.form === 'list';
}

function valuePlace(option: Option<unknown>, before: string): Place {
  const { complete = 'none', choices = [] } = option;
  return { what: 'value', complete, choices, before };
}

function optionPlace(options: Options, done: readonly string[], current: string): Place | undefined {
  if (done.includes('--')) return undefined;
  const last = done.at(-1);
  const waiting = last === undefined ? undefined : byToken(options, last)?.[1];
  if (waiting !== undefined && takesNext(waiting)) return valuePlace(waiting, '');
  const equals = /^(--[^=]+)=/.exec(current);
  if (equals !== null) {
    const option = byToken(options, equals[1]!)?.[1];
    return option === undefined ? FREE : valuePlace(option, equals[0]);
  }
  return current.startsWith('-') && current !== '-' ? { what: 'option', table: options } : undefined;
}

function argumentPlace(command: Command, options: Options, done: readonly string[]): Place {
  const places = Object.values(command.spec.positionals ?? {});
  const dashes = done.indexOf('--');
  if (dashes >= 0 && places.some((p) => p.afterDashes)) {
    return { what: 'value', complete: 'file', choices: [], before: '' };
  }
  let given = 0;
  for (let i = 0; i < done.length; i++) {
    const token = done[i]!;
    if (token === '--') continue;
    if (token.startsWith('-') && token !== '-' && (dashes < 0 || i < dashes)) {
      if (takesNext(byToken(options, token)?.[1])) i++;
    } else {
      given++;
    }
  }
  const ordinary = places.filter((p) => !p.afterDashes);
  const place = ordinary[Math.min(given, ordinary.length - 1)];
  if (place === undefined || (given >= ordinary.length && !place.many)) return FREE;
  return { what: 'value', complete: place.complete ?? 'none', choices: place.choices ?? [], before: '' };
}
