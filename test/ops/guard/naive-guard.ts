import type { Bundle } from '../../../src/core/bundle/bundle-record.js';
import type { ArtifactRecord } from '../../../src/core/catalog/artifact-record.js';
import type { Manifest } from '../../../src/core/manifest/manifest.js';
import type { IndexEntry } from '../../../src/core/objects/bundle-index.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import type { ArtifactId, ObjectId } from '../../../src/core/objects/ids.js';

interface Standing {
  readonly classification: string;
  readonly exportable: boolean;
}

/** Hashes of the empty file and of nothing else give nothing away. */
const EMPTY = sha256(Buffer.from(''));

/**
 * The guard (B6) and the reading gate (B5) as slow and plain as they can be said: every artifact is compared
 * with every other one, and nothing is remembered. It shares no code with the guard.
 */
export class NaiveGuard {
  readonly #objects: ReadonlyMap<ObjectId, Uint8Array>;
  readonly #all: readonly ArtifactRecord[];
  readonly #records: ReadonlyMap<ArtifactId, ArtifactRecord>;

  constructor(all: readonly ArtifactRecord[], objects: ReadonlyMap<ObjectId, Uint8Array>) {
    this.#objects = objects;
    this.#all = all;
    this.#records = new Map(all.map((r) => [r.artifact_id, r]));
  }

  #json<T>(id: ObjectId | undefined): Partial<T> | undefined {
    const bytes = id === undefined ? undefined : this.#objects.get(id);
    try {
      return bytes && JSON.parse(Buffer.from(bytes).toString());
    } catch {
      return undefined;
    }
  }

  #manifest(id: ObjectId | undefined): Manifest | undefined {
    const value = this.#json<Manifest>(id);
    return value?.schema === 'hs.manifest/1' ? (value as Manifest) : undefined;
  }

  /** Files by path; undefined when the index cannot be read. */
  #files(r: ArtifactRecord): Map<string, ObjectId> | undefined {
    if (r.payload_type === 'file') return new Map([['', r.content_hash]]);
    const index = this.#json<IndexEntry[]>(r.content_hash) as IndexEntry[] | undefined;
    return index && new Map(index.map((e) => [e.path, e.content_hash]));
  }

  #isRestricted(s: Standing): boolean {
    return s.classification === 'high' || !s.exportable;
  }

  /** Whether that file of a bundle is one of a member that has its own standing. */
  #isOwn(bundle: ArtifactRecord, path: string, hash: ObjectId): boolean {
    if (bundle.kind !== 'bundle') return false;
    for (let rest = path; rest.startsWith('members/'); ) {
      const [, id, ...below] = rest.split('/');
      const r = this.#records.get(id as ArtifactId);
      if (r !== undefined && (below[0] === 'payload' || below.length === 1)) {
        const own = [...r.manifests.map((m) => m.manifest), ...(this.#files(r)?.values() ?? [])];
        if (own.includes(hash)) return true;
        const m = below[0] === 'artifact.json' ? this.#manifest(hash) : undefined;
        if (m?.artifact_id === r.artifact_id && m.content_hash === r.content_hash) return true;
      }
      rest = below.slice(1).join('/');
    }
    return false;
  }

  /** The hashes of what is in it and not empty, without what is only lent from a member. */
  #own(r: ArtifactRecord): Set<ObjectId> {
    const files = [...(this.#files(r) ?? [])].filter(
      ([path, hash]) => hash !== EMPTY && !this.#isOwn(r, path, hash),
    );
    return new Set([...(r.size_bytes > 0 ? [r.content_hash] : []), ...files.map(([, hash]) => hash)]);
  }

  /** Whether reading the object takes `artifact.read:restricted`. */
  restrictsReading(id: ObjectId): boolean {
    return this.#all.some((r) => {
      if (!this.#isRestricted(r)) return false;
      return this.#own(r).has(id) || (r.removed === undefined && this.#files(r) === undefined);
    });
  }

  /** Whether the artifact may not leave. */
  blocks(id: ArtifactId, consents: ReadonlySet<string>): boolean {
    const r = this.#records.get(id)!;
    const m = this.#manifest(r.manifest);
    if (m === undefined || this.#stands(r, m, consents)) return true;
    const hidden = this.#all.some(
      (o) =>
        o.artifact_id !== id &&
        o.removed === undefined &&
        this.#files(o) === undefined &&
        (this.#isRestricted(o) || (o.kind === 'dataset_slice' && this.#takenFrom(o, new Set(), []))),
    );
    return hidden || this.#holds(r, consents, []);
  }

  /** Whether one of these statements about an artifact blocks. */
  #stands(
    a: Standing & { content_hash: ObjectId },
    b: Standing | undefined,
    consents: ReadonlySet<string>,
  ): boolean {
    const isRemoved = (b as ArtifactRecord | undefined)?.removed !== undefined;
    const isHigh = a.classification === 'high' || b?.classification === 'high';
    const isClosed = !a.exportable || b?.exportable === false;
    const agreed = consents.has(a.content_hash);
    return (isHigh && !agreed) || (isClosed && !(agreed && isRemoved));
  }

  /** Whether what is in it blocks. `path` are the slices that led here. */
  #holds(r: ArtifactRecord, consents: ReadonlySet<string>, path: readonly ArtifactId[]): boolean {
    if (path.includes(r.artifact_id)) return false;
    // Of a plain file, ledger and handle say everything.
    if (r.payload_type === 'file' && r.kind !== 'dataset_slice')
      return this.#resembles([r.artifact_id], new Set([r.content_hash]), consents, [...path, r.artifact_id]);
    const m = this.#manifest(r.manifest);
    const files = this.#files(r);
    if (m === undefined || files === undefined) {
      return !(r.removed !== undefined && consents.has(r.content_hash));
    }
    const on = [...path, r.artifact_id];
    const named = [r.artifact_id, ...(r.kind === 'bundle' ? this.#named(files, '') : [])];
    if (this.#resembles(named, new Set([r.content_hash, ...files.values()]), consents, on)) return true;
    const isCleared = this.#isCleared(r.artifact_id, r.content_hash, consents);
    if (r.kind === 'bundle' && this.#bundles(files, '', consents, on, isCleared)) return true;
    return r.kind === 'dataset_slice' && this.#takenFrom(r, consents, path);
  }

  /** Whether an artifact with one of these bytes blocks that is not named already, or what that was taken from. */
  #resembles(
    named: readonly ArtifactId[],
    hashes: ReadonlySet<ObjectId>,
    consents: ReadonlySet<string>,
    path: readonly ArtifactId[],
  ): boolean {
    return this.#all.some((o) => {
      if (named.includes(o.artifact_id)) return false;
      const isSlice = o.kind === 'dataset_slice';
      // What a slice was taken from is gone with its manifest: then it counts for its own content alone.
      const isLost = o.removed !== undefined && this.#manifest(o.manifest) === undefined;
      const known = o.payload_type === 'file' || this.#isRestricted(o) || (isSlice && !isLost);
      const own = known ? this.#own(o) : new Set(o.size_bytes > 0 ? [o.content_hash] : []);
      if (![...own].some((hash) => hashes.has(hash))) return false;
      return this.#stands(o, o, consents) || (isSlice && this.#takenFrom(o, consents, path));
    });
  }

  /** Whether what a slice was taken from blocks. */
  #takenFrom(slice: ArtifactRecord, consents: ReadonlySet<string>, path: readonly ArtifactId[]): boolean {
    if (path.includes(`of ${slice.artifact_id}` as ArtifactId)) return false;
    const m = this.#manifest(slice.manifest);
    if (m === undefined)
      return !(slice.removed !== undefined && (consents.has(slice.content_hash) || path.length === 0));
    return this.#sources(m, consents, [...path, `of ${slice.artifact_id}` as ArtifactId]);
  }

  #sources(m: Manifest, consents: ReadonlySet<string>, path: readonly ArtifactId[]): boolean {
    return (m.source_artifact_refs ?? []).some((handle) => {
      const now = this.#records.get(handle.artifact_id);
      if (this.#stands(handle, now, consents)) return true;
      return now !== undefined && this.#holds(now, consents, path);
    });
  }

  /** Whether a consent clears what is removed, of which nothing is left to reclassify. */
  #isCleared(id: ArtifactId, hash: ObjectId, consents: ReadonlySet<string>): boolean {
    return this.#records.get(id)?.removed !== undefined && consents.has(hash);
  }

  /**
   * The members that a bundle names with a manifest that the ledger knows. They are judged by that manifest, which may
   * be there when a later one is gone.
   */
  #named(files: ReadonlyMap<string, ObjectId>, prefix: string): ArtifactId[] {
    const index = this.#json<Bundle>(files.get(`${prefix}bundle_index.json`));
    if (index?.schema !== 'hs.bundle/1') return [];
    return index.members!.flatMap((member) => {
      const at = `${prefix}members/${member.artifact_id}`;
      const m = this.#manifest(files.get(`${at}/artifact.json`));
      if (m === undefined || files.get(`${at}/artifact.json`) !== member.manifest) return [];
      const inside = m.kind === 'bundle' ? this.#named(files, `${at}/payload/`) : [];
      const known = this.#records.get(m.artifact_id)?.manifests ?? [];
      return known.some(({ manifest }) => manifest === member.manifest) ? [m.artifact_id, ...inside] : inside;
    });
  }

  /** Whether a member of the bundle at `prefix` blocks; `isCleared`: its members need not be known. */
  #bundles(
    files: ReadonlyMap<string, ObjectId>,
    prefix: string,
    consents: ReadonlySet<string>,
    path: readonly ArtifactId[],
    isCleared: boolean,
  ): boolean {
    const id = files.get(`${prefix}bundle_index.json`);
    if (id === undefined) return false;
    const index = this.#json<Bundle>(id);
    if (index?.schema !== 'hs.bundle/1') return !isCleared;
    return index.members!.some((member) => {
      const at = `${prefix}members/${member.artifact_id}`;
      const m = this.#manifest(files.get(`${at}/artifact.json`));
      if (m === undefined || files.get(`${at}/artifact.json`) !== member.manifest) return true;
      if (m.content_hash !== member.content_hash) return true;
      if (this.#stands(m, this.#records.get(m.artifact_id), consents)) return true;
      const isGone = this.#isCleared(m.artifact_id, m.content_hash, consents);
      if (m.kind === 'bundle') return this.#bundles(files, `${at}/payload/`, consents, path, isGone);
      return m.kind === 'dataset_slice' && this.#sources(m, consents, path);
    });
  }
}
