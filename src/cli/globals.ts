import { BadValue } from '../core/text/values.js';
import { HsError } from '../errors/hs-error.js';
import { choice, flag, list, type Option, text, time, type Values } from './options.js';

/** An unset variable in `--store "$DIR"` must not select another store. */
function notEmpty(raw: string): string {
  if (raw === '') throw new BadValue('it is empty');
  return raw;
}

/** The options of every command (cli.md, "Everywhere"). */
export const globalOptions = {
  chdir: list('DIR', 'run as if started in DIR; each -C is relative to the one before', {
    short: 'C',
    shortOnly: true,
    complete: 'directory',
  }),
  store: text('DIR', 'use the store in DIR, or at s3://BUCKET/PREFIX, instead of searching for one', {
    complete: 'directory',
    parse: notEmpty,
  }),
  endpoint: text('URL', 'the S3 service of an s3:// store, instead of AWS_ENDPOINT_URL_S3', {
    parse: notEmpty,
  }),
  insecure: flag(undefined, 'allow plain http to an S3 service that is not on this machine'),
  offline: flag(undefined, 'read an s3:// store from what this machine has of it, and ask no service'),
  json: flag(undefined, 'print one JSON document'),
  quiet: flag('q', 'print only results and errors'),
  verbose: flag('v', 'print more details'),
  color: choice(['auto', 'always', 'never'], 'WHEN', 'use colour: auto, always or never'),
  progress: choice(['auto', 'none', 'json'], 'FORM', 'show progress: auto (on a terminal), none, or json'),
  noProgress: flag(undefined, 'do not show progress'),
  noPager: flag(undefined, 'do not start a pager'),
  now: time('TIME', 'set the clock of this command'),
  help: flag('h', 'show help'),
  version: flag(undefined, 'print the version'),
} as const satisfies Record<string, Option<unknown>>;

/** On commands that list. */
export const jsonlOption = flag(undefined, 'print one JSON document per line');
/** On commands that read or print records. */
export const nulOption = flag('z', 'use NUL instead of newline between records, on input and output', {
  shortOnly: true,
});

export type GlobalValues = Values<typeof globalOptions> & { readonly jsonl: boolean; readonly nul: boolean };

/** What results and errors are printed as. */
export type OutputForm = 'text' | 'json' | 'jsonl';

export function outputForm({ json, jsonl }: Pick<GlobalValues, 'json' | 'jsonl'>): OutputForm {
  if (json) return 'json';
  return jsonl ? 'jsonl' : 'text';
}

/** Combinations that cli.md defines as usage errors, and contradictory ones. */
export function checkGlobals(
  g: GlobalValues,
  command: { readonly streams: boolean; readonly hasDocument: boolean },
  given: readonly string[],
): void {
  const json = g.json ? '--json' : g.jsonl ? '--jsonl' : undefined;
  const clash = (a: string, b: string) => new HsError('USAGE', `'${a}' cannot be given together with '${b}'`);
  if (g.json && g.jsonl) throw clash('--json', '--jsonl');
  if (g.quiet && g.verbose) throw clash('--quiet', '--verbose');
  if (g.noProgress && g.progress !== undefined) throw clash('--progress', '--no-progress');
  if (json === undefined) return;
  if (g.nul) throw clash(json, '-z');
  if (given[0] !== undefined) throw clash(json, given[0]);
  if (command.streams) {
    throw new HsError('USAGE', `'${json}' cannot be used here: the output is raw bytes`);
  }
  if (!command.hasDocument)
    throw new HsError('USAGE', `'${json}' cannot be used here: there is no document to print`);
}
