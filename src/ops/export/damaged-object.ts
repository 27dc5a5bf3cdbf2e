import { labelOf } from '../../core/manifest/label-of.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError } from '../../errors/hs-error.js';
import type { PayloadEntry } from '../payload/payload-source.js';
import type { Session } from '../session/session.js';
import type { Decision } from './decide-export.js';

/** Materialization reports the destination, but the damage is in the store: names the object and the remedy. */
export async function damageIn(session: Session, { content, shape }: Decision, e: HsError): Promise<HsError> {
  const { objects } = session.store;
  const isAnother = async ({ hash, size }: PayloadEntry) => (await objects.size(hash)) !== size;
  const isDamaged = async ({ hash }: PayloadEntry) => !(await objects.isSound(hash));
  // Sizes are cheap to check; bytes are read again only if all sizes match.
  const entry = (await first(shape.entries, isAnother)) ?? (await first(shape.entries, isDamaged));
  if (entry === undefined) return e;
  if (await objects.has(entry.hash)) objects.mismatch(entry.hash);
  const label = escapeText(labelOf(content.record));
  const isFile = content.record.payload_type === 'file' && entry.hash === content.record.content_hash;
  const what = isFile ? 'its bytes are' : `its file '${escapeText(entry.path)}' is`;
  return new HsError('INTEGRITY', `cannot export '${label}': ${what} damaged in the store`, {
    hint: 'hs fsck lists all damage; hs hash-object -w FILE with the right bytes repairs it',
    details: { artifact_id: content.record.artifact_id, object_id: entry.hash },
    cause: e,
  });
}

async function first<T>(items: readonly T[], is: (item: T) => Promise<boolean>): Promise<T | undefined> {
  for (const item of items) if (await is(item)) return item;
  return undefined;
}
