import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { guardExport } from '../../core/guard/guard.js';
import { isRestricted } from '../../core/manifest/sensitivity.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { memberCheck } from './bundle-members.js';
import { type Bytes, GuardReader } from './read-files.js';
import { Resolver, type RestrictedContents } from './resolve-leaving.js';

const known = new WeakMap<Catalog, Promise<RestrictedContents>>();

/**
 * Reads the indexes of restricted directories and their bundled members, and the manifests of slices, once per state of
 * the store.
 */
export function restrictedContents(bytes: Bytes, catalog: Catalog): Promise<RestrictedContents> {
  const found = known.get(catalog) ?? new Collector(bytes, catalog).collect();
  known.set(catalog, found);
  return found;
}

class Collector implements RestrictedContents {
  readonly of = new Map<ObjectId, ArtifactRecord[]>();
  readonly unreadable: ArtifactRecord[] = [];
  readonly #catalog: Catalog;
  readonly #reader: GuardReader;
  readonly #isMember: ReturnType<typeof memberCheck>;

  constructor(bytes: Bytes, catalog: Catalog) {
    this.#catalog = catalog;
    this.#reader = new GuardReader(bytes);
    this.#isMember = memberCheck(this.#reader, catalog);
  }

  async collect(): Promise<RestrictedContents> {
    const slices = new Set<ArtifactRecord>();
    for await (const record of this.#catalog.guarded()) {
      if (record.size_bytes > 0) this.#add(record.content_hash, record);
      if (record.payload_type === 'file') continue;
      if (isRestricted(record)) await this.#addFiles(record);
      else if (record.kind === 'dataset_slice') slices.add(record);
    }
    // A slice may become restricted because of a file of another slice: repeat until none is added.
    for (let before = -1; before !== slices.size; ) {
      before = slices.size;
      for (const slice of slices) {
        if (!(await this.#isDerived(slice))) continue;
        slices.delete(slice);
        await this.#addFiles(slice);
      }
    }
    return { of: this.of, unreadable: this.unreadable };
  }

  #add(id: ObjectId, record: ArtifactRecord): void {
    const same = this.of.get(id);
    if (same === undefined) this.of.set(id, [record]);
    else if (same.at(-1) !== record) same.push(record);
  }

  async #addFiles(record: ArtifactRecord): Promise<void> {
    const files = await this.#reader.files(record);
    // Damaged, or purged by a version that kept no index: blocking everything forever would be no solution.
    if (files === undefined && record.removed === undefined) this.unreadable.push(record);
    for (const { path, hash, size } of files ?? []) {
      // Empty files reveal nothing, and are everywhere.
      if (size === 0 || (await this.#isMember(record, path, hash))) continue;
      this.#add(hash, record);
    }
  }

  /** Whether the guard would block a slice because of its sources: then its files are blocked too. */
  async #isDerived(slice: ArtifactRecord): Promise<boolean> {
    const manifest = await this.#reader.manifest(slice.manifest);
    // Unreadable sources may be anything, but those of a purged slice cannot be recovered.
    if (manifest === undefined) return slice.removed === undefined;
    const sources = await new Resolver(this.#reader, this.#catalog, this).sources(manifest);
    return sources.some((source) => guardExport(source, new Set()).length > 0);
  }
}
