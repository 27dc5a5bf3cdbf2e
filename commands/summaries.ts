import type { CommandSummaries } from '../src/cli/command-table.js';

/** Made by `npm run man` from the commands, so that nothing loads a command to list it. Do not edit. */
export const summaries: CommandSummaries = {
  init: {
    class: 'porcelain',
    summary: 'make a store in a directory',
  },
  put: {
    class: 'porcelain',
    summary: 'store files and directories as artifacts',
  },
  'hash-object': {
    class: 'plumbing',
    summary: 'compute the content hash of files, and optionally store them',
  },
  'cat-object': {
    class: 'plumbing',
    summary: 'write the bytes of an object to standard output',
  },
  'write-index': {
    class: 'plumbing',
    summary: 'store the files of a directory and their index',
  },
  'ls-index': {
    class: 'plumbing',
    summary: 'list the entries of a bundle index',
  },
  'count-objects': {
    class: 'plumbing',
    summary: 'count the objects of the store, and what is in its trash',
  },
  ls: {
    class: 'porcelain',
    summary: 'list artifacts',
  },
  show: {
    class: 'porcelain',
    summary: 'show an artifact: manifest, pins, who made it, and why it is kept',
  },
  du: {
    class: 'porcelain',
    summary: 'show what takes how much room',
  },
  diff: {
    class: 'porcelain',
    summary: 'show how two artifacts differ',
  },
  log: {
    class: 'porcelain',
    summary: 'show what happened to the store, or to an artifact',
  },
  'cat-artifact': {
    class: 'plumbing',
    summary: 'write the payload of an artifact, or facts about it, to standard output',
  },
  'for-each-artifact': {
    class: 'plumbing',
    summary: 'list artifacts in a format for scripts',
  },
  materialize: {
    class: 'plumbing',
    summary: 'write the payload of an artifact to exactly one path',
  },
  'write-manifest': {
    class: 'plumbing',
    summary: 'register the artifact that a manifest describes',
  },
  'check-manifest': {
    class: 'plumbing',
    summary: 'say whether a manifest is valid, and why not',
  },
  resolve: {
    class: 'plumbing',
    summary: 'print the full ids that names and prefixes stand for',
  },
  export: {
    class: 'porcelain',
    summary: 'write artifacts outside the store, checked and recorded',
  },
  'bundle create': {
    class: 'porcelain',
    summary: 'gather artifacts into one bundle artifact',
  },
  'bundle verify': {
    class: 'porcelain',
    summary: 'check a bundle file or directory, without a store',
  },
  'bundle ls': {
    class: 'porcelain',
    summary: 'list the members of a bundle file or directory',
  },
  import: {
    class: 'porcelain',
    summary: 'bring the artifacts of a bundle into this store',
  },
  pin: {
    class: 'porcelain',
    summary: 'hold artifacts so that they are never collected',
  },
  unpin: {
    class: 'porcelain',
    summary: 'take a pin away',
  },
  pins: {
    class: 'porcelain',
    summary: 'list pins',
  },
  retain: {
    class: 'porcelain',
    summary: 'change how long artifacts are kept',
  },
  gc: {
    class: 'porcelain',
    summary: 'remove what retention says is over',
  },
  rm: {
    class: 'porcelain',
    summary: 'remove artifacts by id',
  },
  restore: {
    class: 'porcelain',
    summary: 'bring removed artifacts back',
  },
  report: {
    class: 'porcelain',
    summary: 'list the retention reports, or show one',
  },
  rename: {
    class: 'porcelain',
    summary: 'give an artifact another name',
  },
  label: {
    class: 'porcelain',
    summary: 'set and remove labels of an artifact',
  },
  reclassify: {
    class: 'porcelain',
    summary: 'change how sensitive an artifact is and whether it may leave',
  },
  promote: {
    class: 'porcelain',
    summary: 'move an artifact one layer up, from ordinary to approved to frozen',
  },
  'policy show': {
    class: 'porcelain',
    summary: 'print the policy in force',
  },
  'policy check': {
    class: 'porcelain',
    summary: 'say what a policy would change, and which of its rules match nothing',
  },
  'policy set': {
    class: 'porcelain',
    summary: 'put a policy in force',
  },
  'update-pin': {
    class: 'plumbing',
    summary: 'change many pins in one commit',
  },
  'plan-prune': {
    class: 'plumbing',
    summary: 'print the plan of a collection, to be applied later',
  },
  'apply-prune': {
    class: 'plumbing',
    summary: 'apply a saved plan',
  },
  run: {
    class: 'porcelain',
    summary: 'run a tool that can leave nothing but artifacts',
  },
  scan: {
    class: 'porcelain',
    summary: 'look for secrets in payloads',
  },
  fsck: {
    class: 'porcelain',
    summary: 'check the whole store, and say what to do about each problem',
  },
  'ledger head': {
    class: 'plumbing',
    summary: 'print the number and the hash of the newest ledger entry',
  },
  'ledger cat': {
    class: 'plumbing',
    summary: 'print ledger entries as JSON, one a line',
  },
  'ledger verify': {
    class: 'plumbing',
    summary: 'check the whole ledger, and say what was changed',
  },
  'ledger sign': {
    class: 'plumbing',
    summary: 'print a signed checkpoint of the ledger',
  },
  'ledger prove': {
    class: 'plumbing',
    summary: 'print a proof that an entry is in the ledger of a checkpoint',
  },
  'proof verify': {
    class: 'plumbing',
    summary: 'check a proof about a ledger, or an attestation, without its store',
  },
  'ledger append-note': {
    class: 'plumbing',
    summary: 'append a note to the ledger',
  },
  'ledger accept-rollback': {
    class: 'plumbing',
    summary: 'go on from a ledger that was rolled back',
  },
  doctor: {
    class: 'meta',
    summary: 'check what hs stands on here, and say how to mend it',
  },
  help: {
    class: 'meta',
    summary: 'show how hs and its commands are used',
  },
  schema: {
    class: 'meta',
    summary: 'print the JSON Schema of a document',
  },
  completion: {
    class: 'meta',
    summary: 'print a completion script for a shell',
  },
  __complete: {
    class: 'meta',
    summary: 'say what could stand for the last word',
    hidden: true,
  },
  version: {
    class: 'meta',
    summary: 'print the version of hs',
  },
};
