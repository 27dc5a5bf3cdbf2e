import type { Command } from '../command.js';
import type { CommandTable, TableEntry } from '../command-table.js';
import {
  argumentLines,
  commonOptions,
  ENVIRONMENT,
  EXIT_MEANINGS,
  type OptionLine,
  ownOptions,
  synopses,
} from './describe-command.js';
import { grouped, optionMeaning } from './help.js';
import { literal, paragraphs, prose, tagged, usageWords } from './mdoc.js';
import { groupTopics } from './topics.js';

/** The date of the manual changes only with this line, so that pages can be compared. */
const DATE = 'November 22, 2026';

/** All pages of section 1, generated from the table: file name → text. */
export async function manPages(table: CommandTable): Promise<ReadonlyMap<string, string>> {
  const pages = new Map<string, string>([['hs.1', mapPage(table)]]);
  for (const [name, entry] of Object.entries(table)) {
    if (!entry.hidden) pages.set(`${pageName(name)}.1`, commandPage(await entry.load()));
  }
  for (const group of new Set(Object.keys(table).flatMap(groupOf))) {
    pages.set(`${pageName(group)}.1`, groupPage(group, table));
  }
  return pages;
}

/** `ledger` of `ledger verify`. */
function groupOf(name: string): string[] {
  return name.includes(' ') ? [name.split(' ')[0]!] : [];
}

function groupPage(group: string, table: CommandTable): string {
  const members = Object.entries(table).filter(
    ([name, entry]) => groupOf(name)[0] === group && !entry.hidden,
  );
  const verbs = members.map(([name]) => name.slice(group.length + 1));
  return page(pageName(group), `commands of hs ${group}: ${verbs.join(', ')}`, [
    ...section(
      'SYNOPSIS',
      synopsis(`hs ${group} ${verbs.length === 1 ? verbs[0] : `(${verbs.join('|')})`} [ARGUMENT]...`),
    ),
    ...section('DESCRIPTION', commandTerms(members)),
    ...groupTopics(group).flatMap(({ title, intro, terms }) =>
      section(title.toUpperCase(), [
        ...prose(intro),
        ...tagged(
          terms.map(({ term, meaning }) => ({
            head: `Cm ${literal(term)}`,
            body: prose(`${capital(meaning)}.`),
          })),
        ),
      ]),
    ),
    ...section('SEE ALSO', crossReferences(['hs(1)'])),
  ]);
}

function commandTerms(entries: readonly (readonly [string, TableEntry])[]): string[] {
  return tagged(
    entries.map(([name, entry]) => ({
      head: `Xr ${pageName(name)} 1`,
      body: prose(`${capital(entry.summary)}.`),
    })),
  );
}

/** `ledger verify` → `hs-ledger-verify`. */
export function pageName(command: string): string {
  return `hs-${command.replaceAll(' ', '-')}`;
}

function page(name: string, summary: string, body: readonly string[]): string {
  return [
    `.Dd ${DATE}`,
    `.Dt ${name.toUpperCase()} 1`,
    '.Os',
    '.Sh NAME',
    `.Nm ${name}`,
    `.Nd ${summary}`,
    ...body,
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`.Sh ${title}`, ...lines];
}

function commandPage(command: Command): string {
  const { spec } = command;
  const name = pageName(spec.name);
  const about = spec.description === undefined ? `${capital(spec.summary)}.` : spec.description;
  return page(name, spec.summary, [
    ...section('SYNOPSIS', synopses(command).flatMap(synopsis)),
    ...section('DESCRIPTION', [
      ...paragraphs(about),
      ...withIntro('The arguments are:', argumentTerms(command)),
      ...withIntro('The options are:', optionTerms(ownOptions(command))),
      '.Pp',
      ...prose('The options common to all commands are described in'),
      '.Xr hs 1 .',
    ]),
    ...section('ENVIRONMENT', [
      ...terms(spec.environment ?? {}, 'Ev'),
      ...(spec.environment === undefined ? [] : ['.Pp']),
      ...prose('The variables common to all commands are described in'),
      '.Xr hs 1 .',
    ]),
    ...section('FILES', terms(spec.files ?? {}, 'Pa')),
    ...section('EXIT STATUS', [
      ...tagged(
        [...Object.entries({ 0: EXIT_MEANINGS[0], ...spec.exits })].map(([status, meaning]) => ({
          head: status,
          body: prose(`${capital(meaning!)}.`),
        })),
      ),
      '.Pp',
      ...prose('For other statuses, see'),
      '.Xr hs 1 .',
    ]),
    ...section('EXAMPLES', examples(spec.examples ?? [])),
    ...section('SEE ALSO', crossReferences(['hs(1)', ...(spec.seeAlso ?? [])])),
  ]);
}

function synopsis(line: string): string[] {
  const [program, ...words] = line.split(' ');
  return [`.Nm ${program}`, `.${usageWords(words.join(' '))}`];
}

function withIntro(intro: string, list: readonly string[]): string[] {
  return list.length === 0 ? [] : ['.Pp', ...prose(intro), ...list];
}

function argumentTerms(command: Command): string[] {
  return tagged(
    argumentLines(command.spec.positionals ?? {}).map(([term, meaning]) => ({
      head: `Ar ${literal(term)}`,
      body: prose(`${capital(meaning)}.`),
    })),
  );
}

function optionTerms(options: readonly OptionLine[]): string[] {
  return tagged(
    options.map((option) => ({
      head: option.forms.map(usageWords).join(' , '),
      body: prose(`${capital(optionMeaning(option))}.`),
    })),
  );
}

function terms(facts: Readonly<Record<string, string>>, macro: string): string[] {
  const list = Object.entries(facts).map(([name, meaning]) => ({
    head: `${macro} ${literal(name)}`,
    body: prose(`${capital(meaning)}.`),
  }));
  return tagged(list);
}

function examples(list: readonly { readonly command: string; readonly explains: string }[]): string[] {
  return list.flatMap(({ command, explains }, i) => [
    ...(i === 0 ? [] : ['.Pp']),
    ...prose(explains),
    '.Bd -literal -offset indent',
    ...command.split('\n').map(literal),
    '.Ed',
  ]);
}

/** `hs-pin(1)` as links, sorted by section and name, each but the last followed by a comma. */
function crossReferences(list: readonly string[]): string[] {
  const parsed = [...new Set(list)].map((ref) => /^(.*)\((\d)\)$/.exec(ref)).filter((m) => m !== null);
  const sorted = parsed
    .map((m) => [m[1]!, m[2]!] as const)
    .sort((a, b) => a[1].localeCompare(b[1]) || (a[0] < b[0] ? -1 : 1));
  return sorted.map(([name, number], i) => `.Xr ${name} ${number}${i < sorted.length - 1 ? ' ,' : ''}`);
}

function capital(text: string): string {
  return text.replace(/^[a-z](?![A-Z])/, (c) => c.toUpperCase()).replace(/[.]$/, '');
}

const ABOUT = `\`hs\` stores every output of a job, a tool or a person as an artifact: immutable bytes, named by their SHA-256 and described by a manifest. Content leaves the store only by an audited export, and is deleted only by an explicit retention decision.

A store is a directory named \`.hsstore\`; every command finds it by searching upwards from the current directory. Every change is appended to a hash-chained ledger, which records who did what.

The output of the porcelain, the commands for everyday use, may change. The plumbing is stable: scripts may rely on its output, its exit statuses and its \`-z\` and \`--json\` forms.`;

const NAMES = `An artifact is named by its UUID, by a unique prefix of at least 6 hex digits, or by its name. \`NAME\` is the newest live artifact of that name by ledger position, \`NAME@{n}\` the n-th before it. A leading \`id:\` or \`name:\` removes doubt. Names are stored and compared in Unicode NFC. An object is named by its 64 hex digits or a unique prefix.

A glob matches a whole name or path, leading dots included. \`*\` matches any characters except \`/\`, \`?\` one such character, \`[a-z]\` and \`[!a-z]\` one of a set (\`[[:digit:]]\` too), \`**\` as a whole component any number of directories, and \`{a,b}\` either; \`@(a|b)\`, \`?(a)\`, \`*(a)\` and \`+(a)\` match one, at most one, any number and at least one of the patterns inside. A leading \`\\\` makes a character literal. A glob cannot be negated.

A time is \`2026-01-31\`, \`2026-01-31T12:00:00Z\`, \`@SECONDS\` since 1970, or relative to now: \`-7d\`, \`+12h\`. A size is a number of bytes, or a number with \`KiB\`, \`MiB\`, \`GiB\` (powers of 1024) or \`kB\`, \`MB\`, \`GB\` (powers of 1000).

A file that an option or argument names, such as a plan, a policy, a manifest or a key, may be a symbolic link or a pipe. So may a path to be stored; links in a directory that is stored are never followed.`;

const OUTPUT = `Results are written to standard output, everything else to standard error. With \`--json\`, exactly one document is printed: the result on standard output, or the error on standard error. Every document contains the name of its schema, which \`hs schema\` prints; its list is called \`results\`, a content hash \`content_hash\`, and a size in bytes \`size_bytes\`. With \`--jsonl\`, commands that list print each row as one document on a line; standard error then has one for each error, and warnings as text. If the reader closes the pipe, a listing ends quietly with status 0; a command that changes something or gives a verdict finishes and keeps its status.

On a terminal, control sequences are escaped, in names and in payloads.

With \`--progress json\`, long work is reported on standard error as JSON Lines, for programs that drive hs. Each line has \`schema\`, which is \`hs.progress/1\`; \`event\`: \`start\`, \`advance\` or \`end\` of a stage; \`stage\`, what is being done; \`unit\`, \`bytes\` or what is counted; \`amount\`, so far; \`total\`, if it is known; and \`elapsed_ms\`, since the stage began. There are at most ten lines a second besides those that begin and end a stage. Stages may be added, and their words may change. The lines contain no names, no payloads and no arguments. Other lines on standard error are messages; with \`--json\` too, there is at most one more line, the error. \`hs run\` mixes them with what its tool prints there.`;

function mapPage(table: CommandTable): string {
  const commands = [...grouped(table)].flatMap(([title, entries]) => [
    `.Ss ${capital(title)}`,
    ...commandTerms(entries),
  ]);
  return page('hs', 'a content-addressed artifact store', [
    ...section('SYNOPSIS', synopsis('hs [OPTION]... COMMAND [ARGUMENT]...')),
    ...section('DESCRIPTION', [
      ...paragraphs(ABOUT),
      ...withIntro('The options common to all commands are:', optionTerms(commonOptions())),
    ]),
    ...section('COMMANDS', commands),
    ...section('NAMES AND VALUES', paragraphs(NAMES)),
    ...section('OUTPUT', paragraphs(OUTPUT)),
    ...section('ENVIRONMENT', terms(ENVIRONMENT, 'Ev')),
    ...section('FILES', terms({ '.hsstore': 'the store; its directory is the workspace' }, 'Pa')),
    ...section(
      'EXIT STATUS',
      tagged(
        Object.entries(EXIT_MEANINGS).map(([status, meaning]) => ({
          head: status,
          body: prose(`${capital(meaning)}.`),
        })),
      ),
    ),
    ...section(
      'SEE ALSO',
      crossReferences([
        'hsstore-format(5)',
        ...['hs-ledger(7)', 'hs-reliability(7)', 'hs-retention(7)', 'hs-s3(7)'],
      ]),
    ),
  ]);
}
