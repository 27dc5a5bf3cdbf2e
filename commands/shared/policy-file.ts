import { escapeText } from '../../src/core/escape.js';
import { MAX_POLICY_BYTES } from '../../src/core/policy.js';
import { HsError, isErrno } from '../../src/errors/hs-error.js';
import type { Disk } from '../../src/fsx/disk.js';
import type { NamedPolicy } from '../../src/ops/policy.js';

/** The policy in a file that a person named; links to it are theirs. */
export async function readPolicyFile(disk: Disk, path: string): Promise<NamedPolicy> {
  const { readPolicy } = await import('../../src/ops/policy.js');
  try {
    return readPolicy(await disk.readFile(await disk.realpath(path), MAX_POLICY_BYTES));
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR')) throw new HsError('NOT_FOUND', `'${escapeText(path)}' is not there`);
    if (isErrno(e, 'EFBIG', 'EINVAL'))
      throw new HsError('INVALID_RECORD', `'${escapeText(path)}' is not a policy`);
    throw e;
  }
}
