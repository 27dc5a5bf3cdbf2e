import { didYouMean } from '../core/text/suggest.js';
import { HsError } from '../errors/hs-error.js';
import type { Command } from './command.js';
import type { CommandTable } from './command-table.js';
import { bugFrames, failureDocument, toFailure } from './failure.js';
import { globalOptions } from './globals.js';
import type { Host } from './host.js';
import { optionsOf, parse, takesProgram } from './parse/parse.js';
import { findCommand } from './parse/words.js';
import type { Parts } from './parts.js';
import { run } from './run-command.js';
import { guardLine, safeJson } from './text/escape-for-terminal.js';

/** From arguments to exit status; never throws. */
export async function main(host: Host, parts: Parts): Promise<number> {
  try {
    return await dispatch(host, parts);
  } catch (e) {
    return tell(host, e);
  }
}

/** Reports errors that nothing else caught, such as one thrown from an event, and returns the exit status. */
export function tell(host: Host, e: unknown): number {
  const failure = toFailure(e);
  const frames = bugFrames(failure, host.environment).map((frame) => `\n    ${guardLine(frame)}`);
  const hint = failure.hint === undefined ? '' : `\nhint: ${guardLine(failure.hint)}`;
  const text = asksForJson(host.argv)
    ? safeJson({ schema: 'hs.error/1', error: failureDocument(failure) })
    : `hs: error: ${guardLine(failure.message)}${frames.join('')}${hint}`;
  host.stderr.write(`${text}\n`);
  return failure.exitStatus;
}

async function dispatch(host: Host, parts: Parts): Promise<number> {
  const { argv } = host;
  const { at, before } = findCommand(argv, globalOptions);
  const words = argv.slice(at);
  const found = lookUp(parts.table, words);
  const rest = found === undefined ? argv : [...before, ...words.slice(found.words)];
  const own = await ownWords(parts.table, found?.name, rest);
  if (wantsVersion(own)) return runNamed(host, parts, 'version', withoutAsking(before));
  if (words.length === 0) return runNamed(host, parts, 'help', withoutAsking(before));
  if (found === undefined) {
    const names = Object.keys(parts.table).filter((name) => name.startsWith(`${words[0]} `));
    if (names.length > 0 && wantsHelp(words)) return runNamed(host, parts, 'help', [...before, words[0]!]);
    if (names.length > 0 && (words[1] || '-').startsWith('-')) throw incompleteCommand(words[0]!, names);
    throw unknownCommand(parts.table, words, names.length > 0);
  }
  if (wantsHelp(own))
    return runNamed(host, parts, 'help', [...withoutAsking(before), ...found.name.split(' ')]);
  return runNamed(host, parts, found.name, rest);
}

async function runNamed(host: Host, parts: Parts, name: string, argv: readonly string[]): Promise<number> {
  const entry = parts.table[name];
  if (entry === undefined) throw new HsError('BUG', `there is no command '${name}'`);
  const loaded = await entry.load();
  const call = parseFor(name, loaded, argv, host);
  return run(host, parts, loaded, call);
}

function parseFor(name: string, loaded: Command, argv: readonly string[], host: Host) {
  try {
    host.demandArguments();
    return parse(loaded, argv, { now: host.clock.now(), hsNow: host.environment.get('HS_NOW') });
  } catch (e) {
    if (!(e instanceof HsError) || e.code !== 'USAGE') throw e;
    const { failsWith } = loaded.spec;
    // Without a command, `help` is run, and 'hs help help' would not explain what was typed.
    const hint = e.hint ?? (name === 'help' ? 'hs help' : `hs help ${name}`);
    throw new HsError('USAGE', e.message, {
      hint,
      ...(e.details === undefined ? {} : { details: e.details }),
      cause: e,
      ...(failsWith === undefined ? {} : { exitStatus: failsWith }),
    });
  }
}

/** The longest command name that the words begin with: `ledger verify` before `ledger`. */
export function lookUp(
  table: CommandTable,
  words: readonly string[],
): { readonly name: string; readonly words: number } | undefined {
  for (const count of [2, 1]) {
    const name = words.slice(0, count).join(' ');
    if (words.length >= count && Object.hasOwn(table, name)) return { name, words: count };
  }
  return undefined;
}

export function unknownCommand(table: CommandTable, words: readonly string[], group: boolean): HsError {
  const typed = words.slice(0, group ? 2 : 1).join(' ');
  const visible = Object.keys(table).filter((name) => !table[name]!.hidden);
  // Of a group, its name is typed already, and says nothing of what was meant.
  const own = visible.filter((name) => name.startsWith(`${words[0]} `));
  const inGroup = didYouMean(
    words[1] ?? '',
    own.map((name) => name.slice(words[0]!.length + 1)),
  );
  const guess = group
    ? inGroup && `${words[0]} ${inGroup}`
    : didYouMean(typed, [...visible, ...visible.map((name) => name.split(' ')[0]!)]);
  return new HsError('USAGE', `'${typed}' is not an hs command`, {
    hint: guess ? `did you mean hs ${guess}?` : `hs help${group ? ` ${words[0]}` : ''} lists the commands`,
  });
}

/** A group alone does nothing: a script whose word for the rest came out empty must not succeed. */
function incompleteCommand(group: string, names: readonly string[]): HsError {
  const rest = names.map((name) => name.slice(group.length + 1)).join(', ');
  return new HsError('USAGE', `'hs ${group}' needs one more word`, {
    hint: `one of ${rest}; see hs help ${group}`,
  });
}

function ownPart(argv: readonly string[]): readonly string[] {
  const dashes = argv.indexOf('--');
  return dashes < 0 ? argv : argv.slice(0, dashes);
}

/**
 * The words in which --help or --version is meant for hs: for a command that runs another program, those before that
 * program's name.
 */
async function ownWords(
  table: CommandTable,
  name: string | undefined,
  argv: readonly string[],
): Promise<readonly string[]> {
  if (name === undefined || !(wantsHelp(argv) || wantsVersion(argv))) return argv;
  const loaded = await table[name]!.load();
  return takesProgram(loaded) ? findCommand(argv, optionsOf(loaded)).before : argv;
}

function wantsHelp(argv: readonly string[]): boolean {
  return ownPart(argv).some((token) => token === '--help' || token === '-h');
}

function withoutAsking(argv: readonly string[]): readonly string[] {
  return argv.filter((token) => !['--help', '-h', '--version'].includes(token));
}

function wantsVersion(argv: readonly string[]): boolean {
  return ownPart(argv).includes('--version');
}

function asksForJson(argv: readonly string[]): boolean {
  return ownPart(argv).some((token) => token === '--json' || token === '--jsonl');
}
