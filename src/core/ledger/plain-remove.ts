import { ID } from '../json/plain-patterns.js';
import type { ArtifactId } from '../objects/ids.js';
import type { LedgerOp } from './operation.js';

type Remove = Extract<LedgerOp, { op: 'remove' }>;

const REMOVE = new RegExp(`^\\{"artifact_id":"(${ID})","op":"remove"(,"purge":true)?\\}$`);

/**
 * Parses a `remove`, of which a collection has as many as it removes artifacts, with one regular expression; the
 * canonical parser and schema give the same result in ten times the time. Undefined for anything else.
 */
export function readPlainRemove(line: string): Remove | undefined {
  const m = REMOVE.exec(line);
  if (m === null) return undefined;
  const artifact_id = m[1] as ArtifactId;
  return m[2] === undefined ? { op: 'remove', artifact_id } : { op: 'remove', artifact_id, purge: true };
}
