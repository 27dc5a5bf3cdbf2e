import type { ZodMiniObject, ZodMiniType } from 'zod/mini';

/**
 * The table of all JSON output: `hs schema NAME` prints it and tests validate documents against it. A `result` is the
 * document of a command with one result, with `rows` if that has a list; a `listing` gives the schema of a row. The
 * list is `results` in both, and each of its rows the `.row` document of `--jsonl`. A `record` is a document of the
 * store itself. Loaded on demand.
 */
export type SchemaEntry =
  | { readonly form: 'result'; readonly rows?: true; readonly load: () => Promise<ZodMiniObject> }
  | { readonly form: 'listing'; readonly load: () => Promise<ZodMiniObject> }
  | { readonly form: 'record'; readonly load: () => Promise<ZodMiniType> };

export const SCHEMAS: Readonly<Record<string, SchemaEntry>> = {
  'hs.error/1': { form: 'record', load: async () => (await import('./schemas/common.js')).errorDocument },
  'hs.progress/1': { form: 'record', load: async () => (await import('./schemas/common.js')).progressLine },
  'hs.version/1': { form: 'result', load: async () => (await import('./schemas/common.js')).version },
  'hs.manifest/1': {
    form: 'record',
    load: async () => (await import('../core/manifest/manifest.js')).manifestSchema,
  },
  'hs.prune-plan/1': {
    form: 'record',
    load: async () => (await import('./schemas/retention.js')).longPlanHeader,
  },
  'hs.prune-plan/2': {
    form: 'record',
    load: async () => (await import('./schemas/retention.js')).planHeader,
  },
  'hs.retention-report/1': {
    form: 'record',
    load: async () => (await import('../core/retention/report.js')).reportHeaderSchema,
  },
  'hs.retention-report/2': {
    form: 'record',
    load: async () => (await import('../core/retention/report.js')).reportHeaderSchema,
  },
  'hs.policy/1': {
    form: 'record',
    load: async () => (await import('../core/policy/policy.js')).policySchema,
  },
  'hs.ledger-entry/1': {
    form: 'record',
    load: async () => (await import('./schemas/ledger.js')).ledgerCatRow,
  },
  'hs.init/1': { form: 'result', load: async () => (await import('./schemas/artifacts.js')).init },
  'hs.put-line/1': {
    form: 'record',
    load: async () => (await import('../core/manifest/batch-schemas.js')).putLine,
  },
  'hs.retain-line/1': {
    form: 'record',
    load: async () => (await import('../core/manifest/batch-schemas.js')).retainLine,
  },
  'hs.label-line/1': {
    form: 'record',
    load: async () => (await import('../core/manifest/batch-schemas.js')).labelLine,
  },
  'hs.put/1': { form: 'result', rows: true, load: async () => (await import('./schemas/artifacts.js')).put },
  'hs.show/1': { form: 'result', load: async () => (await import('./schemas/artifacts.js')).show },
  'hs.ls/1': { form: 'listing', load: async () => (await import('./schemas/artifacts.js')).lsRow },
  'hs.lineage/1': { form: 'listing', load: async () => (await import('./schemas/artifacts.js')).lineageRow },
  'hs.for-each-artifact/1': {
    form: 'listing',
    load: async () => (await import('./schemas/artifacts.js')).forEachRow,
  },
  'hs.hash-object/1': {
    form: 'listing',
    load: async () => (await import('./schemas/plumbing.js')).hashObjectRow,
  },
  'hs.ledger-head/1': { form: 'result', load: async () => (await import('./schemas/ledger.js')).ledgerHead },
  'hs.ledger-cat/1': {
    form: 'listing',
    load: async () => (await import('./schemas/ledger.js')).ledgerCatRow,
  },
  'hs.ledger-verify/1': {
    form: 'result',
    rows: true,
    load: async () => (await import('./schemas/ledger.js')).ledgerVerify,
  },
  'hs.ledger-sign/1': {
    form: 'result',
    load: async () => (await import('./schemas/evidence.js')).ledgerSign,
  },
  'hs.ledger-prove/1': {
    form: 'result',
    load: async () => (await import('./schemas/evidence.js')).ledgerProve,
  },
  'hs.ledger-proof/1': {
    form: 'record',
    load: async () => (await import('../core/evidence/ledger-proof.js')).ledgerProof,
  },
  'hs.proof-verify/1': {
    form: 'result',
    load: async () => (await import('./schemas/evidence.js')).proofVerify,
  },
  'hs.ledger-append-note/1': {
    form: 'result',
    load: async () => (await import('./schemas/ledger.js')).ledgerAppendNote,
  },
  'hs.ledger-accept-rollback/1': {
    form: 'result',
    load: async () => (await import('./schemas/ledger.js')).ledgerAcceptRollback,
  },
  'hs.gc/1': {
    form: 'result',
    rows: true,
    load: async () => (await import('./schemas/retention.js')).removal,
  },
  'hs.rm/1': {
    form: 'result',
    rows: true,
    load: async () => (await import('./schemas/retention.js')).removal,
  },
  'hs.apply-prune/1': {
    form: 'result',
    rows: true,
    load: async () => (await import('./schemas/retention.js')).removal,
  },
  'hs.restore/1': {
    form: 'result',
    rows: true,
    load: async () => (await import('./schemas/retention.js')).restore,
  },
  'hs.trash-ls/1': { form: 'listing', load: async () => (await import('./schemas/retention.js')).trashLsRow },
  'hs.trash-show/1': { form: 'result', load: async () => (await import('./schemas/retention.js')).trashShow },
  'hs.trash-empty/1': {
    form: 'result',
    rows: true,
    load: async () => (await import('./schemas/retention.js')).trashEmpty,
  },
  'hs.pin/1': { form: 'result', rows: true, load: async () => (await import('./schemas/retention.js')).pin },
  'hs.unpin/1': {
    form: 'result',
    rows: true,
    load: async () => (await import('./schemas/retention.js')).unpin,
  },
  'hs.update-pin/1': { form: 'result', load: async () => (await import('./schemas/retention.js')).updatePin },
  'hs.rename/1': { form: 'result', load: async () => (await import('./schemas/retention.js')).described },
  'hs.label/1': {
    form: 'result',
    rows: true,
    load: async () => (await import('./schemas/retention.js')).label,
  },
  'hs.retain/1': {
    form: 'result',
    rows: true,
    load: async () => (await import('./schemas/retention.js')).retain,
  },
  'hs.report/1': {
    form: 'result',
    rows: true,
    load: async () => (await import('./schemas/retention.js')).report,
  },
  'hs.du/1': { form: 'result', rows: true, load: async () => (await import('./schemas/retention.js')).du },
  'hs.pins/1': { form: 'listing', load: async () => (await import('./schemas/retention.js')).pinRow },
  'hs.run/1': { form: 'result', rows: true, load: async () => (await import('./schemas/run.js')).run },
  'hs.count-objects/1': {
    form: 'result',
    load: async () => (await import('./schemas/inspect.js')).countObjects,
  },
  'hs.ls-index/1': { form: 'listing', load: async () => (await import('./schemas/inspect.js')).lsIndexRow },
  'hs.write-index/1': { form: 'result', load: async () => (await import('./schemas/inspect.js')).writeIndex },
  'hs.write-manifest/1': {
    form: 'result',
    rows: true,
    load: async () => (await import('./schemas/inspect.js')).writeManifest,
  },
  'hs.check-manifest/1': {
    form: 'result',
    load: async () => (await import('./schemas/inspect.js')).checkManifest,
  },
  'hs.resolve/1': { form: 'listing', load: async () => (await import('./schemas/inspect.js')).resolveRow },
  'hs.diff/1': { form: 'listing', load: async () => (await import('./schemas/inspect.js')).diffRow },
  'hs.push/1': { form: 'listing', load: async () => (await import('./schemas/outside.js')).transferRow },
  'hs.pull/1': { form: 'listing', load: async () => (await import('./schemas/outside.js')).transferRow },
  'hs.export/1': { form: 'listing', load: async () => (await import('./schemas/outside.js')).exportRow },
  'hs.materialize/1': {
    form: 'result',
    load: async () => (await import('./schemas/outside.js')).materialize,
  },
  'hs.reclassify/1': { form: 'result', load: async () => (await import('./schemas/outside.js')).reclassify },
  'hs.promote/1': { form: 'result', load: async () => (await import('./schemas/outside.js')).promote },
  'hs.policy-show/1': { form: 'result', load: async () => (await import('./schemas/outside.js')).policyShow },
  'hs.policy-check/1': {
    form: 'result',
    load: async () => (await import('./schemas/outside.js')).policyCheck,
  },
  'hs.policy-diff/1': { form: 'result', load: async () => (await import('./schemas/outside.js')).policyDiff },
  'hs.policy-edit/1': { form: 'result', load: async () => (await import('./schemas/outside.js')).policyEdit },
  'hs.policy-set/1': { form: 'result', load: async () => (await import('./schemas/outside.js')).policySet },
  'hs.bundle-create/1': {
    form: 'result',
    load: async () => (await import('./schemas/outside.js')).bundleCreate,
  },
  'hs.bundle-debug/1': {
    form: 'result',
    load: async () => (await import('./schemas/outside.js')).bundleDebug,
  },
  'hs.bundle-verify/1': {
    form: 'result',
    load: async () => (await import('./schemas/outside.js')).bundleVerify,
  },
  'hs.bundle-ls/1': { form: 'listing', load: async () => (await import('./schemas/outside.js')).bundleRow },
  'hs.import/1': {
    form: 'result',
    rows: true,
    load: async () => (await import('./schemas/outside.js')).importResult,
  },
  'hs.log/1': { form: 'listing', load: async () => (await import('./schemas/ledger.js')).logRow },
  'hs.scan/1': { form: 'listing', load: async () => (await import('./schemas/evidence.js')).scanRow },
  'hs.fsck/1': { form: 'result', rows: true, load: async () => (await import('./schemas/inspect.js')).fsck },
  'hs.schema/1': {
    form: 'result',
    rows: true,
    load: async () => (await import('./schemas/common.js')).jsonSchemas,
  },
  'hs.doctor/1': { form: 'listing', load: async () => (await import('./schemas/inspect.js')).doctorRow },
};
