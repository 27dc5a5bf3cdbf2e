import { MAX_POLICY_BYTES } from '../core/policy/policy.js';
import { HsError } from '../errors/hs-error.js';
import { type NamedPolicy, parsePolicyFile } from '../ops/govern/set-policy.js';
import { type FileReading, readTyped } from './io/typed-file.js';

/** The policy in a file that the user named. NOT_FOUND; INVALID_RECORD; HSK-4001 for an unknown capability. */
export async function readPolicyFile(reading: FileReading, typed: string): Promise<NamedPolicy> {
  const tooLarge = () => new HsError('INVALID_RECORD', `'${typed}' is not a policy`);
  return parsePolicyFile(await readTyped(reading, typed, MAX_POLICY_BYTES, tooLarge), reading.path(typed));
}
