import {
  BUNDLE_INDEX_NAME,
  type BundleMember,
  decodeBundle,
  MAX_BUNDLE_INDEX_BYTES,
  memberPaths,
} from '../../core/bundle.js';
import type { Catalog } from '../../core/catalog.js';
import { type GuardLink, type GuardSubject, MAX_DEPTH } from '../../core/guard.js';
import type { ArtifactId, ObjectId } from '../../core/ids.js';
import { decodeManifest, type Handle, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest.js';
import type { ArtifactRecord } from '../../core/record.js';
import { CLASSIFICATIONS, type Classification } from '../../core/vocabulary.js';
import { HsError } from '../../errors/hs-error.js';
import type { ObjectStore } from '../../store/objects.js';
import { knownContents } from '../known-contents.js';
import type { PayloadEntry } from '../materialize/payload.js';
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

  constructor(objects: ObjectStore, catalog: Catalog) {
    this.#objects = objects;
    this.#catalog = catalog;
  }

  async artifact(content: Content): Promise<GuardSubject> {
    const { record, manifest } = content;
    this.#visited.add(record.artifact_id);
    // A manifest that cannot be read may say more than the ledger knows.
    const facts = manifest === undefined ? undefined : stricter(record, manifest);
    const members = await this.#members(content, 1);
    const { unreadable } = await knownContents(this.#objects, this.#catalog);
    for (const other of unreadable) {
      // Any file may be one of its files.
      if (other.artifact_id !== record.artifact_id)
        members?.push(subject({ label: labelOf(other), link: 'unread' }, other, other, other, undefined));
    }
    return {
      label: labelOf(record),
      contentHash: record.content_hash,
      classification: facts?.classification,
      exportable: facts?.exportable,
      members,
    };
  }

  /** What is in an artifact; undefined when its manifest or its index cannot be read. */
  async #members({ record, manifest, entries }: Content, depth: number): Promise<GuardSubject[] | undefined> {
    if (manifest === undefined || entries === undefined) return undefined;
    const members: GuardSubject[] = [];
    if (manifest.kind === 'bundle') {
      const files = new Map(entries.map((e) => [e.path as string, e.hash]));
      const inside = await this.#bundled(files, '', depth);
      if (inside === undefined) return undefined;
      return members.concat(inside);
    }
    members.push(
      ...(await this.#sameBytes(record, record.payload_type === 'directory' ? entries : [], depth)),
    );
    if (manifest.kind === 'dataset_slice') members.push(...(await this.#sources(manifest, depth)));
    return members;
  }

  /** Other artifacts that are known to have this content or one of these files, each named once. */
  async #sameBytes(
    self: ArtifactRecord | Handle,
    files: readonly Pick<PayloadEntry, 'path' | 'hash'>[],
    depth: number,
  ): Promise<GuardSubject[]> {
    const { of } = await knownContents(this.#objects, this.#catalog);
    const found = new Map<ArtifactId, { readonly record: ArtifactRecord; readonly path?: string }>();
    for (const record of of.get(self.content_hash) ?? []) {
      if (record.artifact_id !== self.artifact_id) found.set(record.artifact_id, { record });
    }
    // Where nothing is restricted, no file has to be asked about.
    for (const { path, hash } of of.size === 0 ? [] : files) {
      for (const record of of.get(hash) ?? []) {
        const isNew = record.content_hash !== self.content_hash && !found.has(record.artifact_id);
        if (isNew) found.set(record.artifact_id, { record, path });
      }
    }
    const members: GuardSubject[] = [];
    for (const { record, path } of found.values()) {
      // Of a directory with that file, the other files are not there.
      const inside = record.kind === 'dataset_slice' ? await this.#inside(record, depth + 1) : [];
      const isSame = record.payload_type === 'file' || record.content_hash === self.content_hash;
      const link = isSame ? 'bytes' : 'directory';
      members.push(subject({ label: labelOf(record), link, path }, record, record, record, inside));
    }
    return members;
  }

  /** A slice is a part of what it was taken from. */
  async #sources(manifest: Manifest, depth: number): Promise<GuardSubject[]> {
    const found: GuardSubject[] = [];
    for (const handle of manifest.source_artifact_refs ?? []) {
      const now = this.#catalog.get(handle.artifact_id);
      const label = now === undefined ? handle.uri : labelOf(now);
      const inside = await this.#inside(now ?? handle, depth + 1);
      found.push(subject({ label, link: 'source' }, handle, stricter(handle, now), now, inside));
    }
    return found;
  }

  /** What is in an artifact that another one is made of. Of a plain file enough is known without its bytes. */
  async #inside(source: ArtifactRecord | Handle, depth: number): Promise<GuardSubject[] | undefined> {
    const { kind, artifact_id: id } = source;
    if (depth > MAX_DEPTH || this.#visited.has(id)) return [];
    this.#visited.add(id);
    const isKnown = 'payload_type' in source;
    if (kind !== 'dataset_slice' && kind !== 'bundle' && !(isKnown && source.payload_type === 'directory')) {
      return this.#sameBytes(source, [], depth);
    }
    return isKnown ? this.#members(await readContent(this.#objects, source), depth) : undefined;
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
      link: 'bundled',
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
    const what = { label: labelOf(manifest), link: 'bundled' } as const;
    return subject(what, manifest, stricter(manifest, now), now, inside);
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
  what: { readonly label: string; readonly link: GuardLink; readonly path?: string | undefined },
  { content_hash }: Pick<ArtifactRecord, 'content_hash'>,
  { classification, exportable }: Sensitivity,
  here: ArtifactRecord | undefined,
  members: readonly GuardSubject[] | undefined,
): GuardSubject {
  return {
    ...what,
    artifactId: here?.artifact_id,
    removed: here?.removed !== undefined,
    contentHash: content_hash,
    classification,
    exportable,
    members,
  };
}
