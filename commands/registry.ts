import type { CommandClass, CommandTable, TableEntry } from '../src/cli/command.js';

function entry(
  commandClass: CommandClass,
  group: string,
  summary: string,
  load: TableEntry['load'],
): TableEntry {
  return { class: commandClass, group, summary, load };
}

/**
 * The one table: dispatch, `hs help`, hs(1) and completion read it, and nothing of a command is loaded
 * before it is named. Groups appear in the order of their first command.
 */
export const registry: CommandTable = {
  'hash-object': entry(
    'plumbing',
    'objects',
    'compute the content hash of files, and optionally store them',
    async () => (await import('./plumbing/hash-object.js')).hashObject,
  ),
  help: entry(
    'meta',
    'about hs',
    'show how hs and its commands are used',
    async () => (await import('./meta/help.js')).help,
  ),
  version: entry(
    'meta',
    'about hs',
    'print the version of hs',
    async () => (await import('./meta/version.js')).version,
  ),
};
