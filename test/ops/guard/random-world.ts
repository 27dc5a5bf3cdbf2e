import fc from 'fast-check';
import {
  BUNDLE_REPORT_NAME,
  BUNDLE_SCHEMA,
  encodeBundle,
  memberPaths,
} from '../../../src/core/bundle/bundle-record.js';
import type { ArtifactRecord } from '../../../src/core/catalog/artifact-record.js';
import type { Catalog } from '../../../src/core/catalog/catalog.js';
import { idKey, LIVE, REMOVED } from '../../../src/core/catalog/catalog-keys.js';
import { MemoryTables } from '../../../src/core/catalog/key-tables.js';
import { fromRow, type RecordRow } from '../../../src/core/catalog/record-row.js';
import { compact } from '../../../src/core/json/omit-undefined.js';
import { ENTRY_SCHEMA } from '../../../src/core/ledger/entry.js';
import type { LedgerOp } from '../../../src/core/ledger/operation.js';
import {
  encodeManifest,
  MANIFEST_SCHEMA,
  type Manifest,
  toHandle,
  toManifest,
} from '../../../src/core/manifest/manifest.js';
import { sensitivityOf } from '../../../src/core/manifest/sensitivity.js';
import {
  encodeBundleIndex,
  type IndexEntry,
  indexSize,
  toBundleIndex,
} from '../../../src/core/objects/bundle-index.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import { type ArtifactId, type ObjectId, toTimestamp } from '../../../src/core/objects/ids.js';
import { toSafePath } from '../../../src/core/paths/safe-path.js';
import { HsError } from '../../../src/errors/hs-error.js';
import { factsOf } from '../../../src/ops/put/register-artifact.js';
import { catalogOf } from '../../../src/store/catalog/table-view.js';
import { foldEntry } from '../../helpers/fold-entry.js';

const idOf = (n: number) => `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000` as ArtifactId;

/** A store in memory: the catalog that a fold gives, and objects by their hash. */
export class RandomWorld {
  readonly objects = new Map<ObjectId, Uint8Array>();
  readonly ids: ArtifactId[] = [];
  readonly #manifests = new Map<ArtifactId, Manifest>();
  readonly #tables = new MemoryTables();
  #seq = 0;

  constructor() {
    this.#commit({ op: 'set_policy', policy: sha256(Buffer.from('policy')) });
  }

  get catalog(): Catalog {
    return catalogOf(this.#tables.fork());
  }

  record(id: ArtifactId): ArtifactRecord {
    const place = this.#tables.get(idKey(id)) as string;
    return fromRow((this.#tables.get(LIVE + place) ?? this.#tables.get(REMOVED + place)) as RecordRow);
  }

  /** What the guard reads with. */
  async read(id: ObjectId): Promise<Uint8Array> {
    const bytes = this.objects.get(id);
    if (bytes === undefined) throw new HsError('OBJECT_MISSING', `object ${id} is missing`);
    return bytes;
  }

  manifestOf(id: ArtifactId): Manifest {
    return this.#manifests.get(id)!;
  }

  #commit(...ops: LedgerOp[]): void {
    const seq = this.#seq++;
    const id = idOf(seq);
    const at = toTimestamp(seq * 1000);
    const head = {
      schema: ENTRY_SCHEMA,
      seq,
      prev: sha256(Buffer.from('')),
      event_id: id,
      trace_id: id,
      at,
    } as const;
    const entry = { ...head, type: 'note', actor: 'human', actor_id: 'ada', payload: { text: 'x' } } as const;
    foldEntry(this.#tables, entry, ops, sha256(Buffer.from(`e${seq}`)));
  }

  store(bytes: Uint8Array): ObjectId {
    const id = sha256(bytes);
    this.objects.set(id, bytes);
    return id;
  }

  #storeManifest(m: Manifest) {
    const bytes = encodeManifest(m);
    this.#manifests.set(m.artifact_id, m);
    return factsOf(m, { id: this.store(bytes), size: bytes.length });
  }

  add(payload: string | ReadonlyMap<string, Uint8Array>, more: Partial<Manifest>): ArtifactId {
    const id = idOf(1000 + this.ids.length);
    const isFile = typeof payload === 'string';
    const index = toBundleIndex(
      [...(isFile ? [] : payload)].map(([path, bytes]) => ({
        path: toSafePath(path),
        content_hash: this.store(bytes),
        size_bytes: bytes.length,
      })),
    );
    const needsTtl = more.classification === 'high' || more.kind === 'prompt_payload';
    const manifest = toManifest(
      compact({
        schema: MANIFEST_SCHEMA,
        artifact_id: id,
        revision: 1,
        layer: 'L3',
        kind: 'file',
        payload_type: isFile ? 'file' : 'directory',
        mime: 'application/octet-stream',
        created_at: toTimestamp(0),
        content_hash: this.store(isFile ? Buffer.from(payload) : encodeBundleIndex(index)),
        hash_basis: isFile ? 'payload_bytes' : 'bundle_index',
        size_bytes: isFile ? Buffer.byteLength(payload) : indexSize(index),
        classification: 'low',
        exportable: true,
        retention_class: 'result',
        determinism_level: 'bitwise',
        retention_ttl_days: needsTtl ? 9 : undefined,
        ...more,
      }),
    );
    this.ids.push(id);
    this.#commit({ op: 'add', ...this.#storeManifest(manifest) });
    return id;
  }

  /** The files of a bundle of these artifacts; undefined when one of them cannot be read any more. */
  bundleFiles(members: readonly ArtifactId[]): Map<string, Uint8Array> | undefined {
    const files = new Map<string, Uint8Array>();
    const manifests = [...members].sort().map((id) => this.manifestOf(id));
    for (const m of manifests) {
      const paths = memberPaths(m.artifact_id);
      const stored = encodeManifest(m);
      files.set(paths.manifest, stored);
      const payload = this.filesOf(m);
      if (payload === undefined) return undefined;
      for (const [path, bytes] of payload)
        files.set(path === '' ? paths.payload : `${paths.payload}/${path}`, bytes);
    }
    files.set(BUNDLE_REPORT_NAME, Buffer.from(JSON.stringify(members)));
    const index = manifests.map((m) => ({
      artifact_id: m.artifact_id,
      manifest: sha256(encodeManifest(m)),
      manifest_size_bytes: encodeManifest(m).length,
      payload_type: m.payload_type,
      content_hash: m.content_hash,
      size_bytes: m.size_bytes,
      files: this.filesOf(m)!.size,
    }));
    files.set('bundle_index.json', encodeBundle({ schema: BUNDLE_SCHEMA, members: index }));
    return files;
  }

  /** Payload files by path, that of a file under ''. */
  filesOf(m: Manifest): Map<string, Uint8Array> | undefined {
    const bytes = this.objects.get(m.content_hash);
    if (bytes === undefined) return undefined;
    if (m.payload_type === 'file') return new Map([['', bytes]]);
    const entries = JSON.parse(Buffer.from(bytes).toString()) as IndexEntry[];
    const files = new Map<string, Uint8Array>();
    for (const e of entries) {
      const found = this.objects.get(e.content_hash);
      if (found === undefined) return undefined;
      files.set(e.path, found);
    }
    return files;
  }

  bundle(members: readonly ArtifactId[], more: Partial<Manifest>): void {
    const files = this.bundleFiles(members);
    if (files === undefined) return;
    const records = members.map((id) => this.record(id));
    const sources = members.map((id) => toHandle(this.manifestOf(id)));
    this.add(files, { kind: 'bundle', ...sensitivityOf(records), source_artifact_refs: sources, ...more });
  }

  revise(id: ArtifactId, change: Partial<Manifest>): void {
    const before = this.manifestOf(id);
    if (this.record(id).removed !== undefined) return;
    const after = toManifest({
      ...before,
      ...change,
      revision: before.revision + 1,
      supersedes: sha256(encodeManifest(before)),
      retention_ttl_days: 9,
    });
    this.#commit({ op: 'revise', ...this.#storeManifest(after) });
  }

  /** Removed, and with `purge` all of its objects that nothing live names are gone. */
  remove(id: ArtifactId, purge: boolean): void {
    if (this.record(id).removed !== undefined) return;
    this.#commit({ op: 'remove', artifact_id: id });
    if (!purge) return;
    const held = new Set<ObjectId>();
    for (const other of this.ids.filter((i) => this.record(i).removed === undefined))
      for (const object of this.#objectsOf(other)) held.add(object);
    for (const object of this.#objectsOf(id)) if (!held.has(object)) this.objects.delete(object);
  }

  #objectsOf(id: ArtifactId): ObjectId[] {
    const { content_hash, manifests } = this.record(id);
    const files = this.filesOf(this.manifestOf(id)) ?? new Map<string, Uint8Array>();
    return [content_hash, ...manifests.map((m) => m.manifest), ...[...files.values()].map((b) => sha256(b))];
  }
}

const pick = fc.nat(99);
const standing = fc.record({
  classification: fc.constantFrom('low', 'low', 'low', 'low', 'medium', 'high' as const),
  exportable: fc.constantFrom(true, true, true, true, false),
});
const content = fc.constantFrom('', 'a', 'b', 'c', 'd', 'e');
const tree = fc.array(fc.tuple(fc.constantFrom('x', 'y', 'd/z'), content), { minLength: 1, maxLength: 3 });
const step = fc.oneof(
  { weight: 9, arbitrary: fc.record({ do: fc.constant('file' as const), content, standing }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('tree' as const), tree, standing }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('bundle' as const),
      members: fc.array(pick, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('forge' as const),
      members: fc.array(pick, { minLength: 1, maxLength: 2 }),
      at: pick,
      content,
      form: fc.constantFrom('payload', 'index', 'manifest', 'whole' as const),
      standing,
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constant('slice' as const),
      payload: fc.oneof(content, tree),
      sources: fc.array(pick, { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('revise' as const), at: pick, standing }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), at: pick, purge: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('damage' as const), at: pick, what: fc.boolean() }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const bytesOf = (files: readonly (readonly [string, string])[]) =>
  new Map(files.map(([path, text]) => [path, Buffer.from(text)] as [string, Uint8Array]));

function apply(w: RandomWorld, s: Step): void {
  const at = (n: number) => w.ids[n % w.ids.length]!;
  if (s.do === 'file') w.add(s.content, s.standing);
  else if (s.do === 'tree') w.add(bytesOf(s.tree), s.standing);
  else if (w.ids.length === 0) return;
  else if (s.do === 'bundle') w.bundle([...new Set(s.members.map(at))], {});
  else if (s.do === 'slice') {
    const source_artifact_refs = s.sources.map((n) => toHandle(w.manifestOf(at(n))));
    const payload = typeof s.payload === 'string' ? s.payload : bytesOf(s.payload);
    w.add(payload, { kind: 'dataset_slice', source_artifact_refs });
  } else if (s.do === 'forge') {
    // Put as a bundle by hand: what it says of itself need not be so.
    const files = w.bundleFiles([...new Set(s.members.map(at))]) ?? new Map<string, Uint8Array>();
    const { manifest, payload } = memberPaths(at(s.at));
    if (s.form === 'payload') files.delete('bundle_index.json');
    if (s.form === 'manifest') files.set(manifest, Buffer.from(s.content));
    if (s.form === 'index') files.set('bundle_index.json', Buffer.from(s.content));
    const isDirectory = [...files.keys()].some((path) => path.startsWith(`${payload}/`));
    files.set(isDirectory ? `${payload}/x` : payload, Buffer.from(s.content));
    w.add(files, { kind: 'bundle', ...s.standing });
  } else if (s.do === 'revise') w.revise(at(s.at), s.standing);
  else if (s.do === 'remove') w.remove(at(s.at), s.purge);
  else {
    const record = w.record(at(s.at));
    w.objects.delete(s.what ? record.manifest : record.content_hash);
  }
}

/** Stores of some ten artifacts that share bytes, hold each other, and were changed, removed or damaged. */
export const randomWorld: fc.Arbitrary<RandomWorld> = fc
  .array(step, { minLength: 2, maxLength: 14 })
  .map((steps) => {
    const w = new RandomWorld();
    for (const s of steps) apply(w, s);
    return Object.assign(w, { [fc.toStringMethod]: () => JSON.stringify(steps, null, 1) });
  });

/** Which artifacts' content hashes are consented to. */
export const consented = fc.array(pick, { maxLength: 4 });
