import {
  BUNDLE_INDEX_NAME,
  type BundleMember,
  decodeBundle,
  MAX_BUNDLE_INDEX_BYTES,
  memberPaths,
} from '../../core/bundle.js';
import type { Catalog } from '../../core/catalog.js';
import type { GuardSubject } from '../../core/guard.js';
import type { ArtifactId, ObjectId } from '../../core/ids.js';
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest.js';
import type { ArtifactRecord } from '../../core/record.js';
import { CLASSIFICATIONS, type Classification } from '../../core/vocabulary.js';
import { HsError } from '../../errors/hs-error.js';
import type { ObjectStore } from '../../store/objects.js';
import type { Content } from './content.js';

/** The facts that the guard looks at; a record, a manifest and a handle all have them. */
type Sensitivity = Pick<ArtifactRecord, 'classification' | 'exportable'>;
type Files = ReadonlyMap<string, ObjectId>;

function higher(a: Classification, b: Classification): Classification {
  return CLASSIFICATIONS.indexOf(a) > CLASSIFICATIONS.indexOf(b) ? a : b;
}

/** The stricter of two statements about the same artifact. */
function stricter(a: Sensitivity, b: Sensitivity | undefined): Sensitivity {
  if (b === undefined) return a;
  return {
    classification: higher(a.classification, b.classification),
    exportable: a.exportable && b.exportable,
  };
}

export function labelOf(r: Pick<ArtifactRecord, 'artifact_id' | 'name' | 'filename_hint'>): string {
  return r.name ?? r.filename_hint ?? r.artifact_id.slice(0, 8);
}

/** Resolves an artifact and what is in it into what the guard decides about (B6). */
export async function guardSubject(
  objects: ObjectStore,
  catalog: Catalog,
  content: Content,
): Promise<GuardSubject> {
  return new Resolver(objects, catalog).artifact(content);
}

class Resolver {
  readonly #objects: ObjectStore;
  readonly #catalog: Catalog;
  #restricted: ReadonlyMap<ObjectId, readonly ArtifactRecord[]> | undefined;

  constructor(objects: ObjectStore, catalog: Catalog) {
    this.#objects = objects;
    this.#catalog = catalog;
  }

  async artifact({ record, manifest, entries }: Content): Promise<GuardSubject> {
    const label = labelOf(record);
    // A manifest that cannot be read may say more than the ledger knows.
    const facts = manifest === undefined ? undefined : stricter(record, manifest);
    const files = entries && new Map(entries.map((e) => [e.path as string, e.hash]));
    const members =
      manifest === undefined || files === undefined ? undefined : await this.#members(manifest, files);
    return {
      label,
      contentHash: record.content_hash,
      classification: facts?.classification,
      exportable: facts?.exportable,
      members,
    };
  }

  async #members(manifest: Manifest, files: Files): Promise<GuardSubject[] | undefined> {
    const members: GuardSubject[] = [];
    if (manifest.payload_type === 'directory') members.push(...this.#knownFiles(files));
    if (manifest.kind === 'dataset_slice') members.push(...this.#sources(manifest));
    if (manifest.kind === 'bundle') {
      const inside = await this.#bundled(files, '');
      if (inside === undefined) return undefined;
      members.push(...inside);
    }
    return members;
  }

  /** Files that are artifacts of their own here and may not go. An empty file gives nothing away. */
  #knownFiles(files: Files): GuardSubject[] {
    this.#restricted ??= restrictedContents(this.#catalog);
    const found: GuardSubject[] = [];
    for (const [path, hash] of files) {
      for (const record of this.#restricted.get(hash) ?? [])
        found.push(leaf(path, record.content_hash, record, record.artifact_id));
    }
    return found;
  }

  /** A slice is a part of what it was taken from. */
  #sources(manifest: Manifest): GuardSubject[] {
    return (manifest.source_artifact_refs ?? []).map((handle) => {
      const now = this.#catalog.get(handle.artifact_id);
      const label = now === undefined ? handle.uri : labelOf(now);
      return leaf(label, handle.content_hash, stricter(handle, now), now?.artifact_id);
    });
  }

  /** The members of a bundle, by the manifests in it and by what the ledger says of them now. */
  async #bundled(files: Files, prefix: string): Promise<GuardSubject[] | undefined> {
    const index = files.get(`${prefix}${BUNDLE_INDEX_NAME}`);
    // Put as a bundle without being one: its files are all there is to look at.
    if (index === undefined) return [];
    try {
      const { members } = decodeBundle(await this.#objects.read(index, MAX_BUNDLE_INDEX_BYTES));
      return await Promise.all(members.map((m) => this.#bundleMember(m, files, prefix)));
    } catch (e) {
      if (!(e instanceof HsError)) throw e;
      return undefined;
    }
  }

  async #bundleMember(member: BundleMember, files: Files, prefix: string): Promise<GuardSubject> {
    const paths = memberPaths(member.artifact_id);
    const stored = files.get(`${prefix}${paths.manifest}`);
    const unknown: GuardSubject = {
      label: member.artifact_id.slice(0, 8),
      contentHash: member.content_hash,
      classification: undefined,
      exportable: undefined,
      members: undefined,
    };
    if (stored !== member.manifest) return unknown;
    const manifest = await this.#manifest(stored);
    if (manifest === undefined || manifest.content_hash !== member.content_hash) return unknown;
    const now = this.#catalog.get(manifest.artifact_id);
    const facts = stricter(manifest, now);
    return {
      label: labelOf(manifest),
      artifactId: now?.artifact_id,
      contentHash: manifest.content_hash,
      classification: facts.classification,
      exportable: facts.exportable,
      members:
        manifest.kind === 'bundle'
          ? await this.#bundled(files, `${prefix}${paths.payload}/`)
          : manifest.kind === 'dataset_slice'
            ? this.#sources(manifest)
            : [],
    };
  }

  async #manifest(id: ObjectId): Promise<Manifest | undefined> {
    try {
      return decodeManifest(await this.#objects.read(id, MAX_MANIFEST_BYTES));
    } catch (e) {
      if (!(e instanceof HsError)) throw e;
      return undefined;
    }
  }
}

function leaf(
  label: string,
  contentHash: ObjectId,
  facts: Sensitivity,
  artifactId: ArtifactId | undefined,
): GuardSubject {
  return {
    label,
    artifactId,
    contentHash,
    classification: facts.classification,
    exportable: facts.exportable,
    members: [],
  };
}

/** Live artifacts that an export of them would be blocked on, by content. */
function restrictedContents(catalog: Catalog): ReadonlyMap<ObjectId, readonly ArtifactRecord[]> {
  const found = new Map<ObjectId, ArtifactRecord[]>();
  for (const record of catalog.live()) {
    if ((record.classification !== 'high' && record.exportable) || record.size_bytes === 0) continue;
    const same = found.get(record.content_hash);
    if (same === undefined) found.set(record.content_hash, [record]);
    else same.push(record);
  }
  return found;
}
