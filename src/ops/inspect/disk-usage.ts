import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { seriesWord } from '../../core/catalog/series.js';
import type { TotalField } from '../../core/catalog/totals.js';
import { bundleIndexEntries, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { Filter } from '../../core/query/condition.js';
import type { SizedObject } from '../../core/retention/sized-object.js';
import { isHsError } from '../../errors/hs-error.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import type { ObjectTotals } from '../../store/collector/object-totals.js';
import { reclaimable } from '../../store/collector/reclaimable.js';
import type { Quarantined } from '../../store/port/inventory.js';
import type { Store } from '../../store/store.js';
import { completerOf } from '../naming/complete-facts.js';
import type { Session } from '../session/session.js';
import { listArtifacts } from './list-artifacts.js';
import { SharedObjects } from './shared-objects.js';
import type { UsageKey } from './usage-keys.js';

export interface UsageTotalsRow {
  readonly group: string;
  readonly artifacts: number;
  /** Sum of the payload sizes. */
  readonly logical_bytes: number;
}

/** What the catalog keeps as it changes. */
export interface UsageTotals {
  readonly rows: readonly UsageTotalsRow[];
  readonly artifacts: number;
  readonly logical_bytes: number;
}

export interface UsageRow extends UsageTotalsRow {
  /** Bytes of the distinct objects that the group names; shared ones count in each group. */
  readonly physical_bytes: number;
}

export interface Usage extends UsageTotals {
  readonly rows: readonly UsageRow[];
  /** Shared objects count once over all groups. */
  readonly physical_bytes: number;
  /** Unused and not in the trash: a collection moves them there, but for a little of a large pack. */
  readonly unreferenced: ObjectTotals;
  /** In the trash, not purged yet. */
  readonly trash: ObjectTotals;
  /** Directories whose files are not counted, since their index is missing or damaged. */
  readonly unreadable?: number;
  /** Damaged files that repairs set aside. */
  readonly quarantine: Quarantined;
}

/** Only a name can be typed: what an artifact without one goes by stands in parentheses, and is a group of its own. */
function nameGroup(a: ArtifactRecord): string {
  const [by, word] = seriesWord(a);
  if (by === 'n') return word;
  return by === 'f' ? `(${word})` : `(unnamed ${word})`;
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
      return nameGroup(a);
  }
}

function byName(a: UsageTotalsRow, b: UsageTotalsRow): number {
  return a.group < b.group ? -1 : 1;
}

/** Number and logical bytes of live artifacts, largest group first; costs the same however many there are. */
export function usageTotals(session: Session, by: TotalField): Promise<UsageTotals> {
  return session.read(async (catalog) => {
    const totals = [...(await catalog.totals(by))];
    const rows = totals.map(([group, { artifacts, bytes }]) => ({ group, artifacts, logical_bytes: bytes }));
    rows.sort((a, b) => b.logical_bytes - a.logical_bytes || byName(a, b));
    return {
      rows,
      artifacts: catalog.counts.live,
      logical_bytes: rows.reduce((sum, row) => sum + row.logical_bytes, 0),
    };
  });
}

/** The files of a directory; undefined where its index cannot be read. */
async function membersOf(store: Store, record: ArtifactRecord): Promise<readonly SizedObject[] | undefined> {
  try {
    const bytes = await store.objects.read(record.content_hash, MAX_INDEX_BYTES);
    const index = { id: record.content_hash, size: bytes.byteLength };
    const members = Array.from(bundleIndexEntries(bytes), (e) => ({
      id: e.content_hash,
      size: e.size_bytes,
    }));
    return [index, ...members];
  } catch (e) {
    if (!isHsError(e, 'OBJECT_MISSING', 'INTEGRITY', 'INVALID_RECORD', 'UNSAFE_PATH')) throw e;
    return undefined;
  }
}

interface Group {
  readonly number: number;
  artifacts: number;
  logical_bytes: number;
  physical_bytes: number;
}

async function* matchingBlocks(session: Session, catalog: Catalog, filters: readonly Filter[]) {
  const query = { filters, now: session.now(), signal: session.signal };
  for await (const record of listArtifacts(catalog, query, completerOf(session))) yield [record];
}

/**
 * Logical and physical bytes of the live artifacts that match the filters, largest group first. Takes some 60 bytes an
 * object.
 */
export function diskUsage(session: Session, by: UsageKey, filters: readonly Filter[] = []): Promise<Usage> {
  return session.read(async (catalog) => {
    const { store, progress, signal } = session;
    const objects = new SharedObjects();
    const groups = new Map<string, Group>();
    const all = { artifacts: 0, logical_bytes: 0, physical_bytes: 0 };
    let unreadable = 0;
    const use = (group: Group, object: SizedObject) => {
      const found = objects.add(object, group.number);
      if (found !== 'known') group.physical_bytes += object.size;
      if (found === 'new') all.physical_bytes += object.size;
    };
    progress.start('adding up artifacts', catalog.counts.live, 'artifacts');
    const blocks = filters.length === 0 ? catalog.live().blocks() : matchingBlocks(session, catalog, filters);
    for await (const block of blocks) {
      for (const a of block) {
        const key = groupOf(a, by);
        const group = groups.get(key) ?? {
          number: groups.size,
          artifacts: 0,
          logical_bytes: 0,
          physical_bytes: 0,
        };
        groups.set(key, group);
        group.artifacts += 1;
        group.logical_bytes += a.size_bytes;
        all.artifacts += 1;
        all.logical_bytes += a.size_bytes;
        for (const { manifest, size_bytes } of a.manifests) use(group, { id: manifest, size: size_bytes });
        if (a.payload_type === 'file') use(group, { id: a.content_hash, size: a.size_bytes });
        else {
          const members = await membersOf(store, a);
          if (members === undefined) unreadable += 1;
          for (const object of members ?? []) use(group, object);
        }
      }
      progress.advance(block.length);
      await yieldToEvents();
      signal.throwIfAborted();
    }
    progress.done();
    const rows = Array.from(groups, ([group, { number: _, ...sums }]) => ({ group, ...sums }));
    rows.sort((a, b) => b.physical_bytes - a.physical_bytes || byName(a, b));
    const { unreferenced, trash } = await reclaimable(store, { trashDays: 0, emptyTrash: false });
    const quarantine = await store.inventory.quarantine();
    return { rows, ...all, ...(unreadable > 0 ? { unreadable } : {}), unreferenced, trash, quarantine };
  });
}
