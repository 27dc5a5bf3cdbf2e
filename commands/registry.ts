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
  init: entry(
    'porcelain',
    'start and store',
    'make a store in a directory',
    async () => (await import('./porcelain/init.js')).init,
  ),
  put: entry(
    'porcelain',
    'start and store',
    'store files and directories as artifacts',
    async () => (await import('./porcelain/put.js')).put,
  ),
  'hash-object': entry(
    'plumbing',
    'objects',
    'compute the content hash of files, and optionally store them',
    async () => (await import('./plumbing/hash-object.js')).hashObject,
  ),
  ls: entry('porcelain', 'look', 'list artifacts', async () => (await import('./porcelain/ls.js')).ls),
  show: entry(
    'porcelain',
    'look',
    'show an artifact: manifest, pins, who made it, and why it is kept',
    async () => (await import('./porcelain/show.js')).show,
  ),
  'cat-object': entry(
    'plumbing',
    'objects',
    'write the bytes of an object to standard output',
    async () => (await import('./plumbing/cat-object.js')).catObject,
  ),
  'cat-artifact': entry(
    'plumbing',
    'artifacts',
    'write the payload of an artifact, or facts about it, to standard output',
    async () => (await import('./plumbing/cat-artifact.js')).catArtifact,
  ),
  'for-each-artifact': entry(
    'plumbing',
    'artifacts',
    'list artifacts in a format for scripts',
    async () => (await import('./plumbing/for-each-artifact.js')).forEachArtifact,
  ),
  materialize: entry(
    'plumbing',
    'artifacts',
    'write the payload of an artifact to exactly one path',
    async () => (await import('./plumbing/materialize.js')).materializeCommand,
  ),
  export: entry(
    'porcelain',
    'move out and in',
    'write artifacts outside the store, checked and recorded',
    async () => (await import('./porcelain/export.js')).exportCommand,
  ),
  'ledger head': entry(
    'plumbing',
    'ledger and checks',
    'print the number and the hash of the newest ledger entry',
    async () => (await import('./plumbing/ledger-head.js')).ledgerHead,
  ),
  'ledger cat': entry(
    'plumbing',
    'ledger and checks',
    'print ledger entries as JSON, one a line',
    async () => (await import('./plumbing/ledger-cat.js')).ledgerCat,
  ),
  'ledger verify': entry(
    'plumbing',
    'ledger and checks',
    'check the whole ledger, and say what was changed',
    async () => (await import('./plumbing/ledger-verify.js')).ledgerVerify,
  ),
  'ledger append-note': entry(
    'plumbing',
    'ledger and checks',
    'append a note to the ledger',
    async () => (await import('./plumbing/ledger-append-note.js')).ledgerAppendNote,
  ),
  'ledger accept-rollback': entry(
    'plumbing',
    'ledger and checks',
    'go on from a ledger that was rolled back',
    async () => (await import('./plumbing/ledger-accept-rollback.js')).ledgerAcceptRollback,
  ),
  help: entry(
    'meta',
    'about hs',
    'show how hs and its commands are used',
    async () => (await import('./meta/help.js')).help,
  ),
  schema: entry(
    'meta',
    'about hs',
    'print the JSON Schema of a document',
    async () => (await import('./meta/schema.js')).schema,
  ),
  completion: entry(
    'meta',
    'about hs',
    'print a completion script for a shell',
    async () => (await import('./meta/completion.js')).completion,
  ),
  __complete: {
    ...entry(
      'meta',
      'about hs',
      'say what could stand for the last word',
      async () => (await import('./meta/complete.js')).complete,
    ),
    hidden: true,
  },
  version: entry(
    'meta',
    'about hs',
    'print the version of hs',
    async () => (await import('./meta/version.js')).version,
  ),
};
