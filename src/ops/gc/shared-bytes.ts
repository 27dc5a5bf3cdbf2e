import type { Catalog } from '../../core/catalog.js';
import { escapeText } from '../../core/escape.js';
import type { ArtifactId, ObjectId } from '../../core/ids.js';
import type { ArtifactRecord } from '../../core/record.js';
import { HsError } from '../../errors/hs-error.js';
import { IndexReader } from '../../store/index-reader.js';
import type { Session } from '../session.js';

/** A message is a line. */
const MOST_NAMED = 3;

/** Payload objects of an artifact by its record, empty ones apart: those are everywhere and give nothing away. */
async function payloadOf(record: ArtifactRecord, indexes: IndexReader): Promise<ObjectId[]> {
  if (record.payload_type === 'file') return record.size_bytes === 0 ? [] : [record.content_hash];
  const found = await indexes.read(record.content_hash);
  return (found?.members ?? []).filter((m) => m.size > 0).map((m) => m.id);
}

/** What was to be purged: whose bytes, read while their indexes are there. */
export class PurgedBytes {
  readonly #session: Session;
  readonly #indexes: IndexReader;
  readonly #payloads = new Map<ArtifactId, readonly ObjectId[]>();

  constructor(session: Session) {
    this.#session = session;
    this.#indexes = new IndexReader(session.store.objects);
  }

  async note(catalog: Catalog, ids: Iterable<ArtifactId>): Promise<void> {
    for (const id of ids) {
      const record = catalog.get(id);
      if (record !== undefined) this.#payloads.set(id, await payloadOf(record, this.#indexes));
    }
  }

  /** Of one artifact that was purged: the error that names where its bytes still are, if others hold them. */
  async stillHeld(catalog: Catalog, id: ArtifactId): Promise<HsError | undefined> {
    const { objects } = this.#session.store;
    const left = new Set<ObjectId>();
    for (const object of this.#payloads.get(id) ?? []) if (await objects.has(object)) left.add(object);
    if (left.size === 0) return undefined;
    const shared = new Set<ObjectId>();
    const holders: ArtifactRecord[] = [];
    for (const record of [...catalog.live(), ...catalog.removed()]) {
      // What was purged too holds nothing; what lies in the trash can be brought back.
      if (record.removed?.purge) continue;
      const held = (await payloadOf(record, this.#indexes)).filter((object) => left.has(object));
      if (held.length > 0) holders.push(record);
      for (const object of held) shared.add(object);
    }
    return holders.length === 0 ? undefined : told(catalog.get(id)!, shared.size, holders);
  }
}

function labelOf(r: ArtifactRecord): string {
  return `'${escapeText(r.name ?? r.filename_hint ?? r.artifact_id.slice(0, 8))}'`;
}

function told(purged: ArtifactRecord, files: number, holders: readonly ArtifactRecord[]): HsError {
  const named = holders.slice(0, MOST_NAMED).map((r) => {
    return `${labelOf(r)} (${r.artifact_id.slice(0, 8)}${r.removed === undefined ? '' : ', in the trash'})`;
  });
  const more = holders.length > MOST_NAMED ? ` and ${holders.length - MOST_NAMED} more` : '';
  const hold = holders.length === 1 ? 'holds' : 'hold';
  const isFile = purged.payload_type === 'file';
  const what = isFile ? `the bytes of ${labelOf(purged)} are` : `of ${labelOf(purged)} ${count(files)}`;
  const live = holders.filter((r) => r.removed === undefined).slice(0, MOST_NAMED);
  return new HsError(
    'PARTIAL',
    `${what} still here: ${named.join(', ')}${more} ${hold} ${isFile || files > 1 ? 'them' : 'it'} too`,
    {
      hint:
        live.length === 0
          ? 'hs gc --empty-trash frees what lies in the trash'
          : `where they must go: hs rm ${live.map((r) => r.artifact_id.slice(0, 8)).join(' ')} --purge`,
      details: { artifact_id: purged.artifact_id, held_by: holders.slice(0, 100).map((r) => r.artifact_id) },
    },
  );
}

function count(files: number): string {
  return files === 1 ? '1 file is' : `${files} files are`;
}
