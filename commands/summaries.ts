import type { CommandSummaries } from '../src/cli/command-table.js';

/** Made by `npm run man` from the commands, so that nothing loads a command to list it. Do not edit. */
export const summaries: CommandSummaries = {
  init: {
    class: 'porcelain',
    summary: 'create a store in a directory',
  },
  put: {
    class: 'porcelain',
    summary: 'store files and directories as artifacts',
  },
  'hash-object': {
    class: 'plumbing',
    summary: 'compute content hashes, and optionally store the objects',
  },
  'cat-object': {
    class: 'plumbing',
    summary: 'print an object',
  },
  'write-index': {
    class: 'plumbing',
    summary: 'store a directory and its index',
  },
  'ls-index': {
    class: 'plumbing',
    summary: 'list the entries of a bundle index',
  },
  'count-objects': {
    class: 'plumbing',
    summary: 'count objects and their disk usage',
  },
  ls: {
    class: 'porcelain',
    summary: 'list artifacts',
  },
  show: {
    class: 'porcelain',
    summary: 'show one artifact and why it is kept',
  },
  du: {
    class: 'porcelain',
    summary: 'show disk usage',
  },
  diff: {
    class: 'porcelain',
    summary: 'compare two artifacts, or one with a directory',
  },
  lineage: {
    class: 'porcelain',
    summary: 'show what an artifact was made from, and what from it',
  },
  log: {
    class: 'porcelain',
    summary: 'show the history of the store or of an artifact',
  },
  'cat-artifact': {
    class: 'plumbing',
    summary: 'print the payload or properties of an artifact',
  },
  'for-each-artifact': {
    class: 'plumbing',
    summary: 'list artifacts in a format for scripts',
  },
  materialize: {
    class: 'plumbing',
    summary: 'write a payload to exactly one path',
  },
  'write-manifest': {
    class: 'plumbing',
    summary: 'register an artifact from a manifest',
  },
  'check-manifest': {
    class: 'plumbing',
    summary: 'check whether a manifest is valid',
  },
  resolve: {
    class: 'plumbing',
    summary: 'print the full ids of artifacts',
  },
  export: {
    class: 'porcelain',
    summary: 'write artifacts to files outside the store',
  },
  'bundle create': {
    class: 'porcelain',
    summary: 'pack artifacts into one bundle',
  },
  'bundle debug': {
    class: 'porcelain',
    summary: 'pack evidence of a problem, with secrets removed',
  },
  'bundle verify': {
    class: 'porcelain',
    summary: 'verify a bundle without a store',
  },
  'bundle ls': {
    class: 'porcelain',
    summary: 'list the members of a bundle',
  },
  import: {
    class: 'porcelain',
    summary: 'import a bundle, an OCI image layout or a workspace into this store',
  },
  push: {
    class: 'porcelain',
    summary: 'copy artifacts from this store to another',
  },
  pull: {
    class: 'porcelain',
    summary: 'copy artifacts from another store to this one',
  },
  pin: {
    class: 'porcelain',
    summary: 'protect artifacts from collection',
  },
  unpin: {
    class: 'porcelain',
    summary: 'remove a pin',
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
    summary: 'remove expired artifacts and free their space',
  },
  rm: {
    class: 'porcelain',
    summary: 'remove the given artifacts',
  },
  restore: {
    class: 'porcelain',
    summary: 'bring removed artifacts back',
  },
  'trash ls': {
    class: 'porcelain',
    summary: 'list what can be brought back, and until when',
  },
  'trash show': {
    class: 'porcelain',
    summary: 'show one artifact in the trash',
  },
  'trash empty': {
    class: 'porcelain',
    summary: 'purge the trash, or single artifacts in it',
  },
  report: {
    class: 'porcelain',
    summary: 'list retention reports, or show one',
  },
  rename: {
    class: 'porcelain',
    summary: 'rename an artifact',
  },
  label: {
    class: 'porcelain',
    summary: 'set and remove labels of an artifact',
  },
  reclassify: {
    class: 'porcelain',
    summary: 'change the classification of an artifact',
  },
  promote: {
    class: 'porcelain',
    summary: 'approve or freeze an artifact',
  },
  'policy show': {
    class: 'porcelain',
    summary: 'print the current policy',
  },
  'policy check': {
    class: 'porcelain',
    summary: 'show what a policy would change, and rules that match nothing',
  },
  'policy diff': {
    class: 'porcelain',
    summary: 'compare two policies',
  },
  'policy edit': {
    class: 'porcelain',
    summary: 'change the policy in an editor',
  },
  'policy set': {
    class: 'porcelain',
    summary: 'set the policy, or settings of it',
  },
  'update-pin': {
    class: 'plumbing',
    summary: 'apply many pin changes in one commit',
  },
  'plan-prune': {
    class: 'plumbing',
    summary: 'print a collection plan to apply later',
  },
  'apply-prune': {
    class: 'plumbing',
    summary: 'apply a saved plan',
  },
  run: {
    class: 'porcelain',
    summary: 'run a tool and store its output as artifacts',
  },
  scan: {
    class: 'porcelain',
    summary: 'search payloads for secrets',
  },
  fsck: {
    class: 'porcelain',
    summary: 'verify the integrity of the store',
  },
  'ledger head': {
    class: 'plumbing',
    summary: 'print the number and hash of the newest ledger entry',
  },
  'ledger cat': {
    class: 'plumbing',
    summary: 'print ledger entries as JSON',
  },
  'ledger verify': {
    class: 'plumbing',
    summary: 'verify the hash chain and report tampering',
  },
  'ledger sign': {
    class: 'plumbing',
    summary: 'print a signed checkpoint of the ledger',
  },
  'ledger prove': {
    class: 'plumbing',
    summary: 'print a proof that a signed ledger contains an entry',
  },
  'proof verify': {
    class: 'plumbing',
    summary: 'verify a proof about a ledger, or an attestation',
  },
  'ledger append-note': {
    class: 'plumbing',
    summary: 'append a note to the ledger',
  },
  'ledger accept-rollback': {
    class: 'plumbing',
    summary: 'accept a rolled-back ledger and continue',
  },
  doctor: {
    class: 'meta',
    summary: 'check this machine and store, and suggest fixes',
  },
  help: {
    class: 'meta',
    summary: 'show help for hs and its commands',
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
    summary: 'print completions for the last word',
    hidden: true,
  },
  version: {
    class: 'meta',
    summary: 'print the version of hs',
  },
};
