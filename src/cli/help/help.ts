import { HsError } from '../../errors/hs-error.js';
import type { Command } from '../command.js';
import type { CommandTable, TableEntry } from '../command-table.js';
import { lookUp, unknownCommand } from '../main.js';
import type { View } from '../text/view.js';
import { displayWidth, pad, wrap } from '../text/width.js';
import { argumentLines, commonOptions, type OptionLine, ownOptions, synopses } from './describe-command.js';
import { groupTopics, SUBJECTS } from './topics.js';

type Shown = Pick<View, 'style' | 'width'>;

/** The output of `hs help WORDS`; for a group such as `ledger`, its members. */
export async function helpText(table: CommandTable, words: readonly string[], view: Shown): Promise<string> {
  if (words.length === 0) return overview(table, view);
  const found = lookUp(table, words);
  const members = Object.entries(table).filter(([name]) => name.startsWith(`${words[0]} `));
  if (found !== undefined && found.words === words.length) {
    return commandHelp(await table[found.name]!.load(), view);
  }
  if (words.length === 1 && members.length > 0) {
    const [heading, list] = [view.style.heading(`hs ${words[0]}`), listed(members, view)];
    const terms = groupTopics(words[0]!).map(({ title, intro, terms }) => {
      const lines = terms.map(({ term, meaning }) => twoColumns(term, meaning, 30, view));
      return `\n\n${view.style.heading(title)}\n${paragraphs(intro, view.width)}\n${lines.join('\n')}`;
    });
    const page = subjectText(words[0]!);
    const more = page === undefined ? '' : `\n\n${page}`;
    return `${heading}\n${list}${terms.join('')}${more}\n\nHelp for one: hs help ${members[0]![0]}`;
  }
  if (found !== undefined) throw new HsError('USAGE', `unexpected argument '${words[found.words]}'`);
  const page = words.length === 1 ? subjectText(words[0]!) : undefined;
  if (page !== undefined) return page;
  throw unknownCommand(table, words, members.length > 0);
}

/** Where a subject is explained: `retention` or `hs-retention`. */
function subjectText(word: string): string | undefined {
  const found = Object.entries(SUBJECTS).find(
    ([key, { page }]) => key === word || page.replace(/\(\d\)$/, '') === word,
  );
  if (found === undefined) return undefined;
  const { page, summary } = found[1];
  const [, name, section] = /^(.*)\((\d)\)$/.exec(page)!;
  return `${page}: ${summary}\n  man ${section} ${name}`;
}

/** The commands by class and group, in the order of the registry. */
export function grouped(
  table: CommandTable,
): ReadonlyMap<string, readonly (readonly [string, TableEntry])[]> {
  const groups = new Map<string, (readonly [string, TableEntry])[]>();
  for (const commandClass of ['porcelain', 'meta', 'plumbing'] as const) {
    for (const [name, entry] of Object.entries(table)) {
      if (entry.class !== commandClass || entry.hidden) continue;
      const title = commandClass === 'plumbing' ? `plumbing: ${entry.group}` : entry.group;
      groups.set(title, [...(groups.get(title) ?? []), [name, entry]]);
    }
  }
  return groups;
}

function overview(table: CommandTable, view: Shown): string {
  const parts = [
    'hs stores every output as an immutable artifact with a hash and a manifest.',
    `${view.style.heading('usage')}\n  hs [-C DIR] [--store DIR] [OPTION]... COMMAND [ARGUMENT]...`,
  ];
  for (const [title, entries] of grouped(table)) {
    parts.push(`${view.style.heading(title)}\n${listed(entries, view, widestName(table))}`);
  }
  const subjects = Object.entries(SUBJECTS).map(([word, { summary }]) =>
    twoColumns(word, summary, widestName(table), view),
  );
  parts.push(`${view.style.heading('subjects')}\n${subjects.join('\n')}`);
  parts.push(
    paragraphs(
      'Policy prevents accidents and leaves a trail. Only hs run confines a program; hs help run says what it leaves open.',
      view.width,
    ),
  );
  parts.push('Help for a command: hs help COMMAND. To begin: hs init, hs put PATH, hs ls.');
  return parts.join('\n\n');
}

function widestName(table: CommandTable): number {
  return Math.max(...Object.keys(table).map((name) => name.length));
}

function listed(
  entries: readonly (readonly [string, TableEntry])[],
  view: Shown,
  width = Math.max(...entries.map(([name]) => name.length)),
): string {
  return entries.map(([name, entry]) => twoColumns(name, entry.summary, width, view)).join('\n');
}

/** A term, with its meaning wrapped beside it; below it if there is no room. */
function twoColumns(term: string, meaning: string, width: number, view: Shown): string {
  const indent = width + 4;
  const beside = view.width - indent >= 24 && displayWidth(term) <= width;
  const lines = wrap(meaning, beside ? view.width - indent : Math.max(16, view.width - 6));
  const head = `  ${view.style.strong(pad(term, width))}  `;
  if (beside) return `${head}${lines.join(`\n${' '.repeat(indent)}`)}`.trimEnd();
  return [`  ${view.style.strong(term)}`, ...lines.map((line) => `      ${line}`)].join('\n');
}

function commandHelp(command: Command, view: Shown): string {
  const { spec } = command;
  const heading = view.style.heading;
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [`${heading(title)}\n${lines.join('\n')}`];
  const optionLines = (options: readonly OptionLine[]) => {
    const width = Math.min(28, Math.max(0, ...options.map((o) => o.forms.join(', ').length)));
    return options.map((o) => twoColumns(o.forms.join(', '), optionMeaning(o), width, view));
  };
  const text = paragraphs(spec.description ?? '', view.width);
  const terms = argumentLines(spec.positionals ?? {});
  const exits = Object.entries(spec.exits ?? {});
  return [
    `hs ${spec.name}: ${spec.summary}`,
    ...section(
      'usage',
      synopses(command).map((line) => `  ${line}`),
    ),
    ...(text === '' ? [] : [text]),
    ...section(
      'arguments',
      terms.map(([term, meaning]) => twoColumns(term, meaning, 12, view)),
    ),
    ...section('options', optionLines(ownOptions(command))),
    ...section('common options', optionLines(commonOptions())),
    ...section(
      'exit status',
      exits.map(([status, meaning]) => twoColumns(status, meaning, 3, view)),
    ),
    ...section(
      'examples',
      (spec.examples ?? []).map((e) => `  ${view.style.id(e.command)}\n      ${e.explains}`),
    ),
    ...section('see also', seeAlso(command).length === 0 ? [] : [`  ${seeAlso(command).join(', ')}`]),
  ].join('\n\n');
}

export function optionMeaning(line: OptionLine): string {
  const said = line.choices.every((choice) => line.summary.includes(choice));
  return line.choices.length === 0 || said ? line.summary : `${line.summary}: ${line.choices.join(', ')}`;
}

export function seeAlso(command: Command): readonly string[] {
  return command.spec.seeAlso ?? [];
}

function paragraphs(text: string, width: number): string {
  return text
    .split(/\n\s*\n/)
    .map((p) => wrap(p.replaceAll('`', ''), Math.min(width, 96)).join('\n'))
    .join('\n\n');
}
