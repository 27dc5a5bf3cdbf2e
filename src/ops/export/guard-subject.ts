import {
  BUNDLE_INDEX_NAME,
  type BundleMember,
  decodeBundle,
  MAX_BUNDLE_INDEX_BYTES,
  memberPaths,
} from '../../core/bundle.js';
import type { Catalog } from '../../core/catalog.js';
import { type GuardSubject, MAX_DEPTH } from '../../core/guard.js';
import type { ArtifactId, ObjectId } from '../../core/ids.js';
import { decodeManifest, type Handle, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest.js';
import type { ArtifactRecord } from '../../core/record.js';
import { CLASSIFICATIONS, type Classification } from '../../core/vocabulary.js';
import { HsError } from '../../errors/hs-error.js';
import type { ObjectStore } from '../../store/objects.js';
import { type Content, readContent } from './content.js';

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
  /** Each artifact counts once: sources may meet again, and what blocks there was said. */
  readonly #visited = new Set<ArtifactId>();
  #known: ReadonlyMap<ObjectId, readonly ArtifactRecord[]> | undefined;

  constructor(objects: ObjectStore, catalog: Catalog) {
    this.#objects = objects;
    this.#catalog = catalog;
  }

  async artifact(content: Content): Promise<GuardSubject> {
    const { record, manifest } = content;
    this.#visited.add(record.artifact_id);
    // A manifest that cannot be read may say more than the ledger knows.
    const facts = manifest === undefined ? undefined : stricter(record, manifest);
    return {
      label: labelOf(record),
      contentHash: record.content_hash,
      classification: facts?.classification,
      exportable: facts?.exportable,
      members: await this.#members(content, 1),
    };
  }

  /** What is in an artifact; undefined when its manifest or its index cannot be read. */
  async #members({ manifest, entries }: Content, depth: number): Promise<GuardSubject[] | undefined> {
    if (manifest === undefined || entries === undefined) return undefined;
    const files = new Map(entries.map((e) => [e.path as string, e.hash]));
    const members: GuardSubject[] = [];
    if (manifest.payload_type === 'directory') members.push(...(await this.#knownFiles(files, depth)));
    if (manifest.kind === 'dataset_slice') members.push(...(await this.#sources(manifest, depth)));
    if (manifest.kind === 'bundle') {
      const inside = await this.#bundled(files, '', depth);
      if (inside === undefined) return undefined;
      members.push(...inside);
    }
    return members;
  }

  /** Files that are artifacts of their own here and may not go. */
  async #knownFiles(files: Files, depth: number): Promise<GuardSubject[]> {
    this.#known ??= knownContents(this.#catalog);
    const found: GuardSubject[] = [];
    for (const [path, hash] of files) {
      for (const record of this.#known.get(hash) ?? []) {
        found.push(subject(path, record, record, record, await this.#inside(record, depth + 1)));
      }
    }
    return found;
  }

  /** A slice is a part of what it was taken from. */
  async #sources(manifest: Manifest, depth: number): Promise<GuardSubject[]> {
    const found: GuardSubject[] = [];
    for (const handle of manifest.source_artifact_refs ?? []) {
      const now = this.#catalog.get(handle.artifact_id);
      const label = now === undefined ? handle.uri : labelOf(now);
      found.push(
        subject(label, handle, stricter(handle, now), now, await this.#inside(now ?? handle, depth + 1)),
      );
    }
    return found;
  }

  /** What is in an artifact that another one is made of. Only of a plain file is enough known without its bytes. */
  async #inside(source: ArtifactRecord | Handle, depth: number): Promise<GuardSubject[] | undefined> {
    const { kind, artifact_id: id } = source;
    const isPlain = kind !== 'dataset_slice' && kind !== 'bundle';
    if (!('payload_type' in source)) return isPlain ? [] : undefined;
    if (isPlain && source.payload_type === 'file') return [];
    if (depth > MAX_DEPTH || this.#visited.has(id)) return [];
    this.#visited.add(id);
    return this.#members(await readContent(this.#objects, source), depth);
  }

  /** The members of a bundle, by the manifests in it and by what the ledger says of them now. */
  async #bundled(files: Files, prefix: string, depth: number): Promise<GuardSubject[] | undefined> {
    const index = files.get(`${prefix}${BUNDLE_INDEX_NAME}`);
    // Put as a bundle without being one: its files are all there is to look at.
    if (index === undefined) return [];
    try {
      const { members } = decodeBundle(await this.#objects.read(index, MAX_BUNDLE_INDEX_BYTES));
      return await Promise.all(members.map((m) => this.#bundleMember(m, files, prefix, depth + 1)));
    } catch (e) {
      if (!(e instanceof HsError)) throw e;
      return undefined;
    }
  }

  async #bundleMember(
    member: BundleMember,
    files: Files,
    prefix: string,
    depth: number,
  ): Promise<GuardSubject> {
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
    const inside =
      manifest.kind === 'bundle'
        ? await this.#bundled(files, `${prefix}${paths.payload}/`, depth)
        : manifest.kind === 'dataset_slice'
          ? await this.#sources(manifest, depth)
          : [];
    return subject(labelOf(manifest), manifest, stricter(manifest, now), now, inside);
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

function subject(
  label: string,
  { content_hash }: Pick<ArtifactRecord, 'content_hash'>,
  { classification, exportable }: Sensitivity,
  here: ArtifactRecord | undefined,
  members: readonly GuardSubject[] | undefined,
): GuardSubject {
  const artifactId = here?.artifact_id;
  return { label, artifactId, contentHash: content_hash, classification, exportable, members };
}

/** Live artifacts that an export of them would be blocked on, or may be, by content. */
function knownContents(catalog: Catalog): ReadonlyMap<ObjectId, readonly ArtifactRecord[]> {
  const found = new Map<ObjectId, ArtifactRecord[]>();
  for (const record of catalog.live()) {
    const open = record.classification !== 'high' && record.exportable && record.kind !== 'dataset_slice';
    // An empty file gives nothing away.
    if (open || record.size_bytes === 0) continue;
    const same = found.get(record.content_hash);
    if (same === undefined) found.set(record.content_hash, [record]);
    else same.push(record);
  }
  return found;
}
