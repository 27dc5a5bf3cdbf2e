import type { CommandGroups } from '../src/cli/command-table.js';

/**
 * The commands by the heading under which `hs help` and hs(1) list them, in that order. Each is loaded only when it is
 * invoked.
 */
export const groups: CommandGroups = {
  'start and store': {
    init: async () => (await import('./porcelain/init.js')).init,
    put: async () => (await import('./porcelain/put.js')).put,
  },
  objects: {
    'hash-object': async () => (await import('./plumbing/hash-object.js')).hashObject,
    'cat-object': async () => (await import('./plumbing/cat-object.js')).catObject,
    'write-index': async () => (await import('./plumbing/write-index.js')).writeIndex,
    'ls-index': async () => (await import('./plumbing/ls-index.js')).lsIndex,
    'count-objects': async () => (await import('./plumbing/count-objects.js')).countObjectsCommand,
  },
  look: {
    ls: async () => (await import('./porcelain/ls.js')).ls,
    show: async () => (await import('./porcelain/show.js')).show,
    du: async () => (await import('./porcelain/du.js')).du,
    diff: async () => (await import('./porcelain/diff.js')).diff,
    lineage: async () => (await import('./porcelain/lineage.js')).lineage,
    log: async () => (await import('./porcelain/log.js')).log,
  },
  artifacts: {
    'cat-artifact': async () => (await import('./plumbing/cat-artifact.js')).catArtifact,
    'for-each-artifact': async () => (await import('./plumbing/for-each-artifact.js')).forEachArtifact,
    materialize: async () => (await import('./plumbing/materialize.js')).materializeCommand,
    'write-manifest': async () => (await import('./plumbing/write-manifest.js')).writeManifestCommand,
    'check-manifest': async () => (await import('./plumbing/check-manifest.js')).checkManifestCommand,
    resolve: async () => (await import('./plumbing/resolve.js')).resolveNames,
  },
  'move out and in': {
    export: async () => (await import('./porcelain/export.js')).exportCommand,
    'bundle create': async () => (await import('./porcelain/bundle-create.js')).bundleCreate,
    'bundle debug': async () => (await import('./porcelain/bundle-debug.js')).bundleDebug,
    'bundle verify': async () => (await import('./porcelain/bundle-verify.js')).bundleVerify,
    'bundle ls': async () => (await import('./porcelain/bundle-ls.js')).bundleLs,
    import: async () => (await import('./porcelain/import.js')).importCommand,
    push: async () => (await import('./porcelain/push.js')).push,
    pull: async () => (await import('./porcelain/pull.js')).pull,
  },
  'keep and collect': {
    pin: async () => (await import('./porcelain/pin.js')).pin,
    unpin: async () => (await import('./porcelain/unpin.js')).unpin,
    pins: async () => (await import('./porcelain/pins.js')).pins,
    retain: async () => (await import('./porcelain/retain.js')).retain,
    gc: async () => (await import('./porcelain/gc.js')).gc,
    rm: async () => (await import('./porcelain/rm.js')).rm,
    restore: async () => (await import('./porcelain/restore.js')).restore,
    'trash ls': async () => (await import('./porcelain/trash-ls.js')).trashLs,
    'trash show': async () => (await import('./porcelain/trash-show.js')).trashShow,
    'trash empty': async () => (await import('./porcelain/trash-empty.js')).trashEmpty,
    report: async () => (await import('./porcelain/report.js')).report,
  },
  govern: {
    rename: async () => (await import('./porcelain/rename.js')).rename,
    label: async () => (await import('./porcelain/label.js')).label,
    reclassify: async () => (await import('./porcelain/reclassify.js')).reclassifyCommand,
    promote: async () => (await import('./porcelain/promote.js')).promoteCommand,
    'policy show': async () => (await import('./porcelain/policy-show.js')).policyShow,
    'policy check': async () => (await import('./porcelain/policy-check.js')).policyCheck,
    'policy diff': async () => (await import('./porcelain/policy-diff.js')).policyDiff,
    'policy edit': async () => (await import('./porcelain/policy-edit.js')).policyEdit,
    'policy set': async () => (await import('./porcelain/policy-set.js')).policySet,
  },
  retention: {
    'update-pin': async () => (await import('./plumbing/update-pin.js')).updatePin,
    'plan-prune': async () => (await import('./plumbing/plan-prune.js')).planPrune,
    'apply-prune': async () => (await import('./plumbing/apply-prune.js')).applyPrune,
  },
  'run tools': {
    run: async () => (await import('./porcelain/run.js')).run,
  },
  'ledger and checks': {
    scan: async () => (await import('./porcelain/scan.js')).scan,
    fsck: async () => (await import('./porcelain/fsck.js')).fsckCommand,
    'ledger head': async () => (await import('./plumbing/ledger-head.js')).ledgerHead,
    'ledger cat': async () => (await import('./plumbing/ledger-cat.js')).ledgerCat,
    'ledger verify': async () => (await import('./plumbing/ledger-verify.js')).ledgerVerify,
    'ledger sign': async () => (await import('./plumbing/ledger-sign.js')).ledgerSign,
    'ledger prove': async () => (await import('./plumbing/ledger-prove.js')).ledgerProve,
    'proof verify': async () => (await import('./plumbing/proof-verify.js')).proofVerify,
    'ledger append-note': async () => (await import('./plumbing/ledger-append-note.js')).ledgerAppendNote,
    'ledger accept-rollback': async () =>
      (await import('./plumbing/ledger-accept-rollback.js')).ledgerAcceptRollback,
  },
  'about hs': {
    doctor: async () => (await import('./meta/doctor.js')).doctorCommand,
    help: async () => (await import('./meta/help.js')).help,
    schema: async () => (await import('./meta/schema.js')).schema,
    completion: async () => (await import('./meta/completion.js')).completion,
    __complete: async () => (await import('./meta/complete.js')).complete,
    version: async () => (await import('./meta/version.js')).version,
  },
};
