import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { labelOf, labelWithId } from '../../core/manifest/label-of.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError } from '../../errors/hs-error.js';
import { IndexReader } from '../../store/objects/index-reader.js';
import type { Session } from '../session/session.js';

/** A message is one line. */
const MOST_NAMED = 3;

/**
 * The payload objects of an artifact, without empty ones: those are everywhere and reveal nothing. Undefined: its index
 * cannot be read.
 */
async function payloadOf(record: ArtifactRecord, indexes: IndexReader): Promise<ObjectId[] | undefined> {
  if (record.payload_type === 'file') return record.size_bytes === 0 ? [] : [record.content_hash];
  const found = await indexes.read(record.content_hash);
  return found?.members.filter((m) => m.size > 0).map((m) => m.id);
}

/** The bytes to be purged and their artifacts, read while their indexes exist. */
export class PurgedBytes {
  readonly #session: Session;
  readonly #indexes: IndexReader;
  readonly #payloads = new Map<ArtifactId, readonly ObjectId[]>();
  readonly #all = new Set<ObjectId>();
  #isKnown = true;

  constructor(session: Session) {
    this.#session = session;
    this.#indexes = new IndexReader(session.store.objects);
  }

  async note(catalog: Catalog, ids: Iterable<ArtifactId>): Promise<void> {
    for (const id of ids) {
      const record = await catalog.get(id);
      if (record === undefined) continue;
      const payload = await payloadOf(record, this.#indexes);
      this.#isKnown &&= payload !== undefined;
      this.#payloads.set(id, payload ?? []);
      for (const { manifest } of record.manifests) this.#all.add(manifest);
      if (record.size_bytes > 0) this.#all.add(record.content_hash);
      for (const object of payload ?? []) this.#all.add(object);
    }
  }

  /** The objects that were noted, manifests and indexes too. */
  get objects(): ReadonlySet<ObjectId> | 'any' {
    return this.#isKnown ? this.#all : 'any';
  }

  /** Errors that name where purged bytes still exist. Examines each artifact once for all of them. */
  async stillHeld(catalog: Catalog, ids: readonly ArtifactId[]): Promise<Map<ArtifactId, HsError>> {
    const { objects } = this.#session.store;
    const holders = new Map<ObjectId, ArtifactRecord[]>();
    for (const object of new Set(ids.flatMap((id) => this.#payloads.get(id) ?? []))) {
      if (await objects.has(object)) holders.set(object, []);
    }
    const found = new Map<ArtifactId, HsError>();
    if (holders.size === 0) return found;
    for (const records of [catalog.live(), catalog.removed()]) {
      for await (const record of records) {
        // A purged artifact holds nothing; one in the trash can be brought back.
        if (record.removed?.purge) continue;
        for (const object of new Set(await payloadOf(record, this.#indexes)))
          holders.get(object)?.push(record);
      }
    }
    for (const id of ids) {
      const shared = new Set(this.#payloads.get(id) ?? []);
      for (const object of shared) if ((holders.get(object) ?? []).length === 0) shared.delete(object);
      const by = new Set([...shared].flatMap((object) => holders.get(object) ?? []));
      if (by.size > 0) found.set(id, sharedBytesError((await catalog.get(id))!, shared.size, [...by]));
    }
    return found;
  }
}

const quoted = (label: string) => `'${escapeText(label)}'`;

function sharedBytesError(
  purged: ArtifactRecord,
  files: number,
  holders: readonly ArtifactRecord[],
): HsError {
  const named = holders.slice(0, MOST_NAMED).map((r) => {
    return labelWithId(r, quoted, r.removed === undefined ? '' : ', in the trash');
  });
  const more = holders.length > MOST_NAMED ? ` and ${holders.length - MOST_NAMED} more` : '';
  const hold = holders.length === 1 ? 'holds' : 'hold';
  const isFile = purged.payload_type === 'file';
  const what = isFile
    ? `the bytes of ${quoted(labelOf(purged))} are`
    : `of ${quoted(labelOf(purged))} ${count(files)}`;
  const live = holders.filter((r) => r.removed === undefined).slice(0, MOST_NAMED);
  return new HsError(
    'PARTIAL',
    `${what} still here: ${named.join(', ')}${more} ${hold} ${isFile || files > 1 ? 'them' : 'it'} too`,
    {
      hint:
        live.length === 0
          ? 'hs gc --empty-trash empties the trash'
          : `to delete them there too: hs rm ${live.map((r) => r.artifact_id.slice(0, 8)).join(' ')} --purge`,
      details: { artifact_id: purged.artifact_id, held_by: holders.slice(0, 100).map((r) => r.artifact_id) },
    },
  );
}

function count(files: number): string {
  return files === 1 ? '1 file is' : `${files} files are`;
}
