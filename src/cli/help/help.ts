import type { CommandTable } from '../command.js';

export async function helpText(table: CommandTable, _words: readonly string[]): Promise<string> {
  return Object.entries(table)
    .map(([name, entry]) => `${name}  ${entry.summary}`)
    .join('\n');
}
