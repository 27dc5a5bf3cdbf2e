import { sha256 } from '../core/objects/hash.js';
import { encodePolicy, toPolicy } from '../core/policy/policy.js';
import type { NamedPolicy } from '../ops/govern/set-policy.js';

/** Validates a value as a policy: INVALID_RECORD, or HSK-4001 for an unknown capability. */
export function namedPolicy(value: unknown): NamedPolicy {
  const policy = toPolicy(value);
  return { id: sha256(encodePolicy(policy)), policy };
}
