import type { Catalog } from '../../core/catalog/catalog.js';
import { KINDS } from '../../core/manifest/vocabulary.js';
import { normalText } from '../../core/text/normal-form.js';
import {
  artifactWords,
  type CompletionWord,
  filterWords,
  jobWords,
  labelWords,
  pinWords,
  reportWords,
} from '../../ops/inspect/completion-words.js';
import type { CommandTable } from '../command-table.js';
import { type Completion, optionLabel } from '../options.js';
import { placeOf } from './cursor-position.js';

export interface Candidates {
  /** What the shell should complete itself, in addition to `words`. */
  readonly shell: 'files' | 'directories' | 'none';
  readonly words: readonly CompletionWord[];
}

export interface Sources {
  readonly table: CommandTable;
  /** `undefined` without a store. */
  readonly catalog: () => Promise<Catalog | undefined>;
}

/** Completions of the last of `words`: whole words, and what the shell should add. */
export async function candidates(sources: Sources, words: readonly string[]): Promise<Candidates> {
  const current = words.at(-1) ?? '';
  const place = await placeOf(sources.table, words);
  if (place.what === 'command') {
    return { shell: 'none', words: startingWith(current, commandWords(sources.table, place.after)) };
  }
  if (place.what === 'option') {
    const options = Object.entries(place.table).flatMap(([key, option]) => {
      const label = optionLabel(key, option);
      const meaning = option.summary;
      if (option.form !== 'switch') return [{ word: label, meaning }];
      return [label, label.replace(/^--/, '--no-')].map((word) => ({ word, meaning }));
    });
    return { shell: 'none', words: startingWith(current, options) };
  }
  const typed = current.slice(place.before.length);
  const values = inFormOf(typed, await valueWords(sources, place.complete, place.choices, normalText(typed)));
  const shell = place.complete === 'file' ? 'files' : place.complete === 'directory' ? 'directories' : 'none';
  return {
    shell,
    words: startingWith(typed, values).map((w) => ({ ...w, word: place.before + w.word })),
  };
}

/** Names in records are NFC; offers them in the normal form that was typed, so that they extend it. */
function inFormOf(typed: string, words: readonly CompletionWord[]): readonly CompletionWord[] {
  if (normalText(typed) === typed) return words;
  return words.map((w) => ({ ...w, word: w.word.normalize('NFD') }));
}

/** Omits names that could confuse a terminal or a shell script (G6). */
function startingWith(prefix: string, words: readonly CompletionWord[]): CompletionWord[] {
  return words.filter(({ word }) => word.startsWith(prefix) && !/[\p{C}\p{Zl}\p{Zp}]/u.test(word));
}

function commandWords(table: CommandTable, group: string | undefined): CompletionWord[] {
  const words = new Map<string, string>();
  for (const [name, entry] of Object.entries(table)) {
    if (entry.hidden) continue;
    const [first, second] = name.split(' ');
    if (group === undefined)
      words.set(first!, second === undefined ? entry.summary : `commands of hs ${first}`);
    else if (first === group && second !== undefined) words.set(second, entry.summary);
  }
  return [...words].map(([word, meaning]) => ({ word, meaning }));
}

async function valueWords(
  sources: Sources,
  complete: Completion,
  choices: readonly string[],
  typed: string,
): Promise<readonly CompletionWord[]> {
  const named = (list: readonly string[]) => list.map((word) => ({ word, meaning: '' }));
  if (choices.length > 0) return named(choices);
  switch (complete) {
    case 'target':
      return named(['local_file', 'platform:', 'public']);
    case 'kind':
      return named(KINDS);
    case 'command':
      return commandWords(sources.table, undefined);
    case 'schema':
      return named((await import('../schemas/document.js')).schemaNames());
    case 'sort': {
      const { FIELD_NAMES } = await import('../../core/query/fields.js');
      return named([...FIELD_NAMES, ...FIELD_NAMES.map((field) => `-${field}`)]);
    }
    case 'filter':
    case 'label':
    case 'job':
    case 'artifact':
    case 'name':
    case 'pin':
    case 'report': {
      const catalog = await sources.catalog();
      if (catalog === undefined) return [];
      if (complete === 'filter') return filterWords(catalog, typed);
      if (complete === 'label') return labelWords(catalog, typed);
      if (complete === 'job') return jobWords(catalog, typed);
      if (complete === 'report') return reportWords(catalog);
      return complete === 'pin'
        ? pinWords(catalog, typed)
        : artifactWords(catalog, typed, complete === 'artifact');
    }
    default:
      return [];
  }
}
