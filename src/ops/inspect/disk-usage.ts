import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { ByteAccount } from '../../core/retention/byte-account.js';
import { type ObjectTotals, reclaimable } from '../../store/collector/reclaimable.js';
import { IndexReader } from '../../store/objects/index-reader.js';
import { objectsOfAll } from '../gc/payload-presence.js';
import type { Session } from '../session/session.js';
import type { UsageKey } from './usage-keys.js';

export interface UsageRow {
  readonly group: string;
  readonly artifacts: number;
  /** Sum of the payload sizes. */
  readonly logical_bytes: number;
  /** Bytes of the distinct objects that the group names; shared ones count in each group. */
  readonly physical_bytes: number;
}

export interface Usage {
  readonly rows: readonly UsageRow[];
  readonly artifacts: number;
  readonly logical_bytes: number;
  /** Shared objects count once over all groups. */
  readonly physical_bytes: number;
  /** Unused and not in the trash: the next collection moves them there. */
  readonly unreferenced: ObjectTotals;
  /** In the trash, not purged yet. */
  readonly trash: ObjectTotals;
}

function groupOf(a: ArtifactRecord, by: UsageKey): string {
  switch (by) {
    case 'kind':
      return a.kind;
    case 'class':
      return a.retention_class;
    case 'layer':
      return a.layer;
    case 'name':
      return a.name ?? a.filename_hint ?? `(${a.kind})`;
  }
}

/** Logical and physical bytes of live artifacts, largest group first. */
export async function diskUsage(session: Session, by: UsageKey): Promise<Usage> {
  return session.read(async (catalog) => {
    const artifacts = await catalog.live().all();
    const { progress, store } = session;
    progress.start('reading indexes', artifacts.length, 'artifacts');
    const indexes = new IndexReader(store.objects);
    const objects = await objectsOfAll(store, indexes, artifacts, () => progress.advance(1));
    const all = new ByteAccount();
    const groups = new Map<string, { account: ByteAccount; artifacts: number; logical: number }>();
    let logical = 0;
    for (const a of artifacts) {
      const key = groupOf(a, by);
      const group = groups.get(key) ?? { account: new ByteAccount(), artifacts: 0, logical: 0 };
      groups.set(key, group);
      const named = objects(a).objects;
      all.use(named);
      group.account.use(named);
      group.artifacts += 1;
      group.logical += a.size_bytes;
      logical += a.size_bytes;
    }
    const rows = [...groups].map(([group, g]) => ({
      group,
      artifacts: g.artifacts,
      logical_bytes: g.logical,
      physical_bytes: g.account.stored,
    }));
    rows.sort((a, b) => b.physical_bytes - a.physical_bytes || (a.group < b.group ? -1 : 1));
    const { unreferenced, trash } = await reclaimable(session.store, { trashDays: 0, emptyTrash: false });
    return {
      rows,
      artifacts: artifacts.length,
      logical_bytes: logical,
      physical_bytes: all.stored,
      unreferenced,
      trash,
    };
  });
}
