import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { placeKey } from '../../core/catalog/catalog-keys.js';
import { TablesDamaged } from '../../core/catalog/key-tables.js';
import type { RecordLines } from '../../core/catalog/record-lines.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { ArtifactColumns, type ArtifactObjects } from '../../core/retention/artifact-columns.js';
import { removedSources } from '../../core/retention/held-rows.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import { keepsIndex, type Mark, type Marked, markFor } from '../../store/collector/mark.js';
import type { Unreferenced } from '../../store/collector/reclaimable.js';
import type { IndexReader } from '../../store/objects/index-reader.js';
import { lookUpAll } from '../../store/objects/known-objects.js';
import type { UnusedObjects } from '../../store/port/reclaimer.js';
import type { Store } from '../../store/store.js';

/** Live artifacts in columns, and what a mark of them does not reach. */
export interface ScannedState {
  readonly artifacts: ArtifactColumns;
  readonly mark: Mark;
  readonly unreferenced: Unreferenced;
}

class MarkedColumns implements Marked {
  readonly artifacts: ArtifactColumns;
  readonly #onEach: () => void;

  constructor({ counts, mostRoots }: Catalog, onEach: () => void) {
    this.artifacts = new ArtifactColumns(counts.live, mostRoots);
    this.#onEach = onEach;
  }

  get ids() {
    return this.artifacts.objects.ids;
  }

  root(id: ObjectId): void {
    this.artifacts.objects.hold(id);
  }

  artifact(record: ArtifactRecord, objects: ArtifactObjects): void {
    if (keepsIndex(record)) this.root(record.content_hash);
    this.artifacts.add(record, objects);
    this.#onEach();
  }

  line(line: RecordLines): void {
    this.artifacts.addLine(line);
    this.#onEach();
  }
}

/**
 * Reads the state into columns, in one pass over the catalog, which proves itself, and one over the names of all
 * objects. Artifacts of which an object is missing or an index unreadable are damaged (D8).
 */
export async function scanState(
  store: Store,
  catalog: Catalog,
  indexes: IndexReader,
  onEach: () => void = () => {},
): Promise<ScannedState> {
  const into = new MarkedColumns(catalog, onEach);
  const mark = await markFor(store, catalog, indexes, into);
  const { artifacts } = into;
  let removed: ReadonlyMap<ArtifactId, readonly ArtifactId[]> | undefined;
  for (const id of removedSources(artifacts)) {
    removed ??= await sourcesOfRemoved(catalog);
    artifacts.addRemoved(id, removed.get(id) ?? []);
  }
  const present = new Uint8Array(artifacts.objects.ids.size);
  const unused = await listObjects(store, artifacts, present);
  await markDamaged(store, artifacts, present);
  return { artifacts, mark, unreferenced: { unused, unknown: mark.unknown } };
}

/** What removed artifacts were made from; proven, since a hold that is not found takes what it holds. */
async function sourcesOfRemoved(catalog: Catalog): Promise<Map<ArtifactId, readonly ArtifactId[]>> {
  const sources = new Map<ArtifactId, readonly ArtifactId[]>();
  for await (const record of catalog.provenRemoved()) {
    if (record.sources !== undefined) sources.set(record.artifact_id, record.sources);
  }
  return sources;
}

/** Notes which objects are there; those in use that nothing names. One listing is far cheaper than a lookup each. */
async function listObjects(
  store: Store,
  { objects }: ArtifactColumns,
  present: Uint8Array,
): Promise<UnusedObjects[]> {
  const unused: UnusedObjects[] = [];
  for await (const group of store.inventory.groups()) {
    const ids = lookUpAll(group, objects.ids, (number) => {
      present[number] = 1;
    });
    if (group.batch === undefined && ids.length > 0) unused.push({ group, ids });
  }
  return unused;
}

async function markDamaged(store: Store, artifacts: ArtifactColumns, present: Uint8Array): Promise<void> {
  const { damaged, objects, size } = artifacts;
  const { users } = objects;
  let missing = 0;
  for (let number = 0; number < users.length; number++) {
    if (present[number] === 1 || users[number] === 0) continue;
    const turn = yieldToEvents();
    if (turn !== undefined) await turn;
    // It may have been moved between the two listings.
    if (await store.objects.has(objects.ids.at(number))) present[number] = 1;
    else {
      objects.lose(number);
      missing++;
    }
  }
  if (missing === 0) return;
  for (let row = 0; row < size; row++) {
    if (artifacts.objectsOf(row).some((number) => present[number] === 0)) damaged[row] = 1;
  }
}

/** Of more than this part of all, a look at each record costs less than a lookup. */
const MANY = 20;

/** The records of rows, in any order; of a catalog at the position that the rows are of. */
export async function* recordsOfRows(
  catalog: Catalog,
  artifacts: ArtifactColumns,
  rows: ArrayLike<number>,
): AsyncGenerator<readonly [row: number, record: ArtifactRecord], void> {
  if (rows.length * MANY < artifacts.size) {
    const { seq, index } = artifacts;
    // Neighbours share a block of the index.
    for (const row of Uint32Array.from(rows).sort()) {
      const record = await catalog.at(placeKey({ seq: seq[row]!, index: index[row]! }));
      if (record?.artifact_id !== artifacts.ids.at(row)) throw new TablesDamaged('a row leads elsewhere');
      yield [row, record];
    }
    return;
  }
  const wanted = new Uint8Array(artifacts.size);
  for (const row of Array.from(rows)) wanted[row] = 1;
  let row = 0;
  for await (const block of catalog.live().blocks()) {
    for (const record of block) {
      if (wanted[row] === 1) {
        if (artifacts.ids.at(row) !== record.artifact_id)
          throw new TablesDamaged('rows are not where they were');
        yield [row, record];
      }
      row++;
    }
  }
}
