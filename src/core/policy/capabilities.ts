import { HsError } from '../../errors/hs-error.js';

/**
 * The one registry of capabilities (F1). `x:qualifier` is a restricted form of `x`: a grant of `x` includes its
 * qualified forms, except `artifact.read:restricted`, which is more than `artifact.read`.
 */
export const CAPABILITIES = {
  'artifact.create': 'register new artifacts',
  'artifact.read': 'read payloads that are exportable and not high',
  'artifact.read:restricted': 'read payloads that are high or not exportable',
  'artifact.revise': 'change name, labels or retention by a new revision',
  'artifact.reclassify': 'change classification or exportability',
  'artifact.promote': 'move an artifact up one layer',
  'artifact.export': 'materialize artifacts outside the store',
  'artifact.export:output_root': "materialize artifacts below the policy's output root",
  'artifact.remove': 'remove artifacts by id',
  'artifact.restore': 'bring removed artifacts back',
  'bundle.import': 'register the artifacts of a bundle file',
  'pin.set': 'set and remove any pin',
  'pin.set:own': "set and remove pins under the actor's own name, unless another type of actor set them",
  'retention.collect': 'collect expired artifacts',
  'retention.purge': 'empty the trash before its window ends',
  'tool.run': 'run a tool whose outputs become artifacts',
  'policy.set': 'replace the policy',
  'ledger.note': 'append a note to the ledger',
  'ledger.accept_rollback': 'accept a ledger that is older than the anchor',
  'integrity.repair': 'repair problems found by fsck',
} as const;

export type CapabilityId = keyof typeof CAPABILITIES;

export function isCapabilityId(id: string): id is CapabilityId {
  return Object.hasOwn(CAPABILITIES, id);
}

/** HSK-4001 for an id that is not in the registry. */
export function toCapabilityId(id: string): CapabilityId {
  if (isCapabilityId(id)) return id;
  throw new HsError('HSK-4001', `unknown capability '${id}' (HSK-4001)`, {
    hint: 'hs help policy lists the capabilities',
    details: { capability_id: id },
  });
}
