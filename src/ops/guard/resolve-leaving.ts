import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { type GuardLink, type GuardSubject, MAX_GUARD_DEPTH } from '../../core/guard/guard.js';
import { labelOf } from '../../core/manifest/label-of.js';
import type { Handle, Manifest } from '../../core/manifest/manifest.js';
import { type Sensitivity, stricter } from '../../core/manifest/sensitivity.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { type Bundled, bundledIn, type Files } from './bundle-files.js';
import type { GuardReader, HeldFile } from './read-files.js';

/** Everything known about bytes, by hash; used by guard, read gate and import. */
export interface RestrictedContents {
  /**
   * By hash, the artifacts that are not both low and exportable, or are slices of such: those with that content, and
   * restricted directories, or slices of such, that contain it as a file. Removed artifacts stay known: their bytes may
   * be elsewhere.
   */
  readonly of: ReadonlyMap<ObjectId, readonly ArtifactRecord[]>;
  /** Live directories of that sort whose index is unreadable: any bytes may be theirs. */
  readonly unreadable: readonly ArtifactRecord[];
}

/** Everything of one artifact that would leave; undefined fields are unreadable. */
export interface Leaving {
  readonly record: ArtifactRecord;
  readonly manifest: Manifest | undefined;
  readonly entries: readonly HeldFile[] | undefined;
}

/** Resolves artifacts and their contents into the guard's subjects. */
export class Resolver {
  readonly #reader: GuardReader;
  readonly #catalog: Catalog;
  readonly #contents: RestrictedContents;
  /** Each artifact counts once: sources may recur, and their objections were reported the first time. */
  readonly #visited = new Set<ArtifactId>();
  readonly #slices = new Set<ArtifactId>();

  constructor(reader: GuardReader, catalog: Catalog, contents: RestrictedContents) {
    this.#reader = reader;
    this.#catalog = catalog;
    this.#contents = contents;
  }

  async artifact(leaving: Leaving): Promise<GuardSubject> {
    const { record, manifest } = leaving;
    this.#visited.add(record.artifact_id);
    // An unreadable manifest may be stricter than the ledger says.
    const facts = manifest === undefined ? undefined : stricter(record, manifest);
    const members = await this.#members(leaving, 1);
    for (const other of this.#contents.unreadable) {
      // Any file may belong to it.
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

  /** A slice is part of its source. */
  async sources(manifest: Manifest, depth = 1): Promise<GuardSubject[]> {
    const found: GuardSubject[] = [];
    for (const handle of manifest.source_artifact_refs ?? []) {
      const now = await this.#catalog.get(handle.artifact_id);
      const label = now === undefined ? handle.uri : labelOf(now);
      const inside = await this.#inside(now ?? handle, depth + 1);
      found.push(subject({ label, link: 'source' }, handle, stricter(handle, now), now, inside));
    }
    return found;
  }

  /** The contents of an artifact; undefined if its manifest or index is unreadable. */
  async #members({ record, manifest, entries }: Leaving, depth: number): Promise<GuardSubject[] | undefined> {
    if (manifest === undefined || entries === undefined) return undefined;
    const named = new Set<ArtifactId>([record.artifact_id]);
    const members: GuardSubject[] = [];
    if (manifest.kind === 'bundle') {
      const byPath = new Map(entries.map((e) => [e.path, e.hash]));
      const inside = await this.#bundled(byPath, '', depth, named);
      if (inside === undefined) return undefined;
      members.push(...inside);
    }
    // Whatever a bundle says of its members, its files leave with it.
    members.push(...(await this.#sameBytes(record, entries, depth, named)));
    if (manifest.kind === 'dataset_slice') members.push(...(await this.sources(manifest, depth)));
    return members;
  }

  /** Artifacts other than `named` known to have this content or one of these files, each once. */
  async #sameBytes(
    self: ArtifactRecord | Handle,
    files: readonly HeldFile[],
    depth: number,
    named: ReadonlySet<ArtifactId>,
  ): Promise<GuardSubject[]> {
    const { of } = this.#contents;
    const found = new Map<ArtifactId, { readonly record: ArtifactRecord; readonly path?: string }>();
    const note = (record: ArtifactRecord, path?: string) => {
      if (named.has(record.artifact_id) || found.has(record.artifact_id)) return;
      found.set(record.artifact_id, path === undefined ? { record } : { record, path });
    };
    for (const record of of.get(self.content_hash) ?? []) note(record);
    // If nothing is restricted, no file needs a lookup.
    for (const { path, hash } of of.size === 0 ? [] : files) {
      if (hash !== self.content_hash) for (const record of of.get(hash) ?? []) note(record, path);
    }
    const members: GuardSubject[] = [];
    for (const { record, path } of found.values()) {
      // Of a directory with that file, only that file leaves.
      const inside = record.kind === 'dataset_slice' ? await this.#sourcesOf(record, depth + 1) : [];
      const isSame = record.payload_type === 'file' || record.content_hash === self.content_hash;
      const link = isSame ? 'bytes' : 'directory';
      members.push(subject({ label: labelOf(record), link, path }, record, record, record, inside));
    }
    return members;
  }

  /** The source of a slice whose bytes occur elsewhere; undefined if the slice's manifest is unreadable. */
  async #sourcesOf(slice: ArtifactRecord, depth: number): Promise<GuardSubject[] | undefined> {
    if (depth > MAX_GUARD_DEPTH || this.#slices.has(slice.artifact_id)) return [];
    this.#slices.add(slice.artifact_id);
    const manifest = await this.#reader.manifest(slice.manifest);
    return manifest && this.sources(manifest, depth);
  }

  /** The contents of a source. For a plain file, the record is enough without its bytes. */
  async #inside(source: ArtifactRecord | Handle, depth: number): Promise<GuardSubject[] | undefined> {
    const { kind, artifact_id: id } = source;
    if (depth > MAX_GUARD_DEPTH || this.#visited.has(id)) return [];
    this.#visited.add(id);
    const isKnown = 'payload_type' in source;
    if (kind !== 'dataset_slice' && kind !== 'bundle' && !(isKnown && source.payload_type === 'directory')) {
      return this.#sameBytes(source, [], depth, new Set([id]));
    }
    if (!isKnown) return undefined;
    const manifest = await this.#reader.manifest(source.manifest);
    const entries = await this.#reader.files(source);
    return this.#members({ record: source, manifest, entries }, depth);
  }

  /** The members of a bundle, by their manifests in it and by the current state of the ledger. */
  async #bundled(
    files: Files,
    prefix: string,
    depth: number,
    named: Set<ArtifactId>,
  ): Promise<GuardSubject[] | undefined> {
    const members = await bundledIn(this.#reader, files, prefix);
    if (members === undefined) return undefined;
    const found: GuardSubject[] = [];
    for (const member of members) found.push(await this.#bundleMember(member, files, depth + 1, named));
    return found;
  }

  async #bundleMember(
    { member, manifest, payload }: Bundled,
    files: Files,
    depth: number,
    named: Set<ArtifactId>,
  ): Promise<GuardSubject> {
    if (manifest === undefined) {
      return {
        label: member.artifact_id.slice(0, 8),
        link: 'bundled',
        contentHash: member.content_hash,
        classification: undefined,
        exportable: undefined,
        members: undefined,
      };
    }
    const now = await this.#catalog.get(manifest.artifact_id);
    const inside =
      manifest.kind === 'bundle'
        ? await this.#bundled(files, `${payload}/`, depth, named)
        : manifest.kind === 'dataset_slice'
          ? await this.sources(manifest, depth)
          : [];
    // A forged manifest does not replace what is known of the artifact.
    if (now?.manifests.some((m) => m.manifest === member.manifest)) named.add(now.artifact_id);
    const what = { label: labelOf(manifest), link: 'bundled' } as const;
    return subject(what, manifest, stricter(manifest, now), now, inside);
  }
}

function subject(
  what: { readonly label: string; readonly link: GuardLink; readonly path?: string | undefined },
  { content_hash }: { readonly content_hash: ObjectId },
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
