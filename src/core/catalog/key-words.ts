import type { TableReader } from './key-tables.js';

/**
 * The first `most` words after `table` in its keys that begin with `prefix`, each once; `delimiter` ends a word. Words
 * that keys have as a hash are left out. Costs one look a word.
 */
export async function wordsOf(
  tables: TableReader,
  table: string,
  prefix: string,
  delimiter: ' /' | '/',
  most: number,
): Promise<string[]> {
  const words: string[] = [];
  let after: string | undefined;
  while (words.length < most) {
    let key: string | undefined;
    for await (const [row] of tables.range(table + prefix, after)) {
      key = row!.key;
      break;
    }
    if (key === undefined) break;
    const word = key.slice(table.length, key.indexOf(delimiter, table.length));
    if (key[table.length] === ' ') after = `${table}!`;
    else {
      words.push(word);
      // Next to `/`: behind all keys of this word.
      after = table + word + delimiter.replace('/', '0');
    }
  }
  return words;
}
