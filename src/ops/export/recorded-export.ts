import { MANIFEST_NAME } from '../../core/manifest/manifest-name.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import type { Recorded } from '../materialize/list-replaced.js';
import { readContent } from '../payload/read-content.js';
import type { Session } from '../session/session.js';
import { everyLayout } from './written-files.js';

/**
 * The files that exports recorded for this exact destination have written (B3), to be asked for once these have been
 * listed. Reads the whole ledger; only replacing a non-empty directory pays for that. `own`: the export that asks, and its
 * lease.
 */
export async function recordedExports(
  session: Session,
  target: string,
  own: { readonly exportId: string; readonly lease: string },
): Promise<Recorded> {
  const { store } = session;
  const known = new Set<string>();
  // Before the ledger: whoever is not there any more has recorded what it did, or was given up.
  const areOthers = (await store.leases.list()).some((token) => token !== own.lease);
  /** Others that were allowed, and of which no outcome is recorded. */
  const underWay = new Set<string>();
  const catalog = await session.catalog();
  const seen = new Set<string>();
  for await (const { entry } of store.ledger.walk()) {
    if (entry.type !== 'export_record' && entry.type !== 'export_decided') continue;
    const payload = await payloadOf(session, entry);
    if (payload?.export_target !== target) continue;
    if (!('outcome' in payload)) {
      if (entry.decision === 'allow' && payload.export_id !== own.exportId) underWay.add(payload.export_id);
      continue;
    }
    const record = payload;
    underWay.delete(record.export_id);
    if (record.outcome !== 'done') continue;
    for (const handle of record.output_artifact_handles) {
      const isLayout = record.export_format === 'oci';
      if (seen.has(`${isLayout} ${handle.artifact_id}`)) continue;
      seen.add(`${isLayout} ${handle.artifact_id}`);
      const artifact = await catalog.get(handle.artifact_id);
      if (artifact === undefined) continue;
      if (isLayout) {
        for await (const e of everyLayout(session, artifact)) known.add(keyOf(e.path, e.hash));
        continue;
      }
      const { entries = [] } = await readContent(store.objects, artifact);
      for (const e of entries) known.add(keyOf(e.path, e.hash));
      for (const { manifest } of artifact.manifests) known.add(keyOf(MANIFEST_NAME, manifest));
    }
  }
  return { has: (path, hash) => known.has(keyOf(path, hash)), isOneUnderWay: areOthers && underWay.size > 0 };
}

function keyOf(path: string, hash: ObjectId): string {
  return `${hash} ${path}`;
}

async function payloadOf(session: Session, entry: Parameters<Session['store']['payloadOf']>[0]) {
  try {
    const payload = await session.store.payloadOf(entry);
    return 'export_target' in payload ? payload : undefined;
  } catch (e) {
    // An unreadable record accounts for nothing.
    if (!(e instanceof HsError)) throw e;
    return undefined;
  }
}
