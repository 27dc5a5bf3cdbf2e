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
  pin: entry(
    'porcelain',
    'keep and collect',
    'hold artifacts so that they are never collected',
    async () => (await import('./porcelain/pin.js')).pin,
  ),
  unpin: entry(
    'porcelain',
    'keep and collect',
    'take a pin away',
    async () => (await import('./porcelain/unpin.js')).unpin,
  ),
  pins: entry(
    'porcelain',
    'keep and collect',
    'list pins',
    async () => (await import('./porcelain/pins.js')).pins,
  ),
  retain: entry(
    'porcelain',
    'keep and collect',
    'change how long artifacts are kept',
    async () => (await import('./porcelain/retain.js')).retain,
  ),
  gc: entry(
    'porcelain',
    'keep and collect',
    'remove what retention says is over',
    async () => (await import('./porcelain/gc.js')).gc,
  ),
  rm: entry(
    'porcelain',
    'keep and collect',
    'remove artifacts by id',
    async () => (await import('./porcelain/rm.js')).rm,
  ),
  restore: entry(
    'porcelain',
    'keep and collect',
    'bring removed artifacts back',
    async () => (await import('./porcelain/restore.js')).restore,
  ),
  report: entry(
    'porcelain',
    'keep and collect',
    'list the retention reports, or show one',
    async () => (await import('./porcelain/report.js')).report,
  ),
  du: entry(
    'porcelain',
    'look',
    'show what takes how much room',
    async () => (await import('./porcelain/du.js')).du,
  ),
  'update-pin': entry(
    'plumbing',
    'retention',
    'change many pins in one commit',
    async () => (await import('./plumbing/update-pin.js')).updatePin,
  ),
  'plan-prune': entry(
    'plumbing',
    'retention',
    'print the plan of a collection, to be applied later',
    async () => (await import('./plumbing/plan-prune.js')).planPrune,
  ),
  'apply-prune': entry(
    'plumbing',
    'retention',
    'apply a saved plan',
    async () => (await import('./plumbing/apply-prune.js')).applyPrune,
  ),
  'bundle create': entry(
    'porcelain',
    'move out and in',
    'gather artifacts into one bundle artifact',
    async () => (await import('./porcelain/bundle-create.js')).bundleCreate,
  ),
  'bundle verify': entry(
    'porcelain',
    'move out and in',
    'check a bundle file or directory, without a store',
    async () => (await import('./porcelain/bundle-verify.js')).bundleVerify,
  ),
  'bundle ls': entry(
    'porcelain',
    'move out and in',
    'list the members of a bundle file or directory',
    async () => (await import('./porcelain/bundle-ls.js')).bundleLs,
  ),
  import: entry(
    'porcelain',
    'move out and in',
    'bring the artifacts of a bundle into this store',
    async () => (await import('./porcelain/import.js')).importCommand,
  ),
  reclassify: entry(
    'porcelain',
    'govern',
    'change how sensitive an artifact is and whether it may leave',
    async () => (await import('./porcelain/reclassify.js')).reclassifyCommand,
  ),
  promote: entry(
    'porcelain',
    'govern',
    'move an artifact one layer up, from ordinary to approved to frozen',
    async () => (await import('./porcelain/promote.js')).promoteCommand,
  ),
  'policy show': entry(
    'porcelain',
    'govern',
    'print the policy in force',
    async () => (await import('./porcelain/policy-show.js')).policyShow,
  ),
  'policy check': entry(
    'porcelain',
    'govern',
    'say what a policy would change, and which of its rules match nothing',
    async () => (await import('./porcelain/policy-check.js')).policyCheck,
  ),
  'policy set': entry(
    'porcelain',
    'govern',
    'put a policy in force',
    async () => (await import('./porcelain/policy-set.js')).policySet,
  ),
  'write-index': entry(
    'plumbing',
    'objects',
    'store the files of a directory and their index',
    async () => (await import('./plumbing/write-index.js')).writeIndex,
  ),
  'ls-index': entry(
    'plumbing',
    'objects',
    'list the entries of a bundle index',
    async () => (await import('./plumbing/ls-index.js')).lsIndex,
  ),
  'count-objects': entry(
    'plumbing',
    'objects',
    'count the objects of the store, and what is in its trash',
    async () => (await import('./plumbing/count-objects.js')).countObjectsCommand,
  ),
  'write-manifest': entry(
    'plumbing',
    'artifacts',
    'register the artifact that a manifest describes',
    async () => (await import('./plumbing/write-manifest.js')).writeManifestCommand,
  ),
  'check-manifest': entry(
    'plumbing',
    'artifacts',
    'say whether a manifest is valid, and why not',
    async () => (await import('./plumbing/check-manifest.js')).checkManifestCommand,
  ),
  resolve: entry(
    'plumbing',
    'artifacts',
    'print the full ids that names and prefixes stand for',
    async () => (await import('./plumbing/resolve.js')).resolveNames,
  ),
  diff: entry(
    'porcelain',
    'look',
    'show how two artifacts differ',
    async () => (await import('./porcelain/diff.js')).diff,
  ),
  run: entry(
    'porcelain',
    'run tools',
    'run a tool that can leave nothing but artifacts',
    async () => (await import('./porcelain/run.js')).run,
  ),
  log: entry(
    'porcelain',
    'look',
    'show what happened to the store, or to an artifact',
    async () => (await import('./porcelain/log.js')).log,
  ),
  fsck: entry(
    'porcelain',
    'ledger and checks',
    'check the whole store, and say what to do about each problem',
    async () => (await import('./porcelain/fsck.js')).fsckCommand,
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
  doctor: entry(
    'meta',
    'about hs',
    'check what hs stands on here, and say how to mend it',
    async () => (await import('./meta/doctor.js')).doctorCommand,
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
