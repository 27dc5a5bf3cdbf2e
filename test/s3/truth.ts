import { parseCanonical } from '../../src/core/json/canonical.js';
import { decodeEntry, type LedgerEntry } from '../../src/core/ledger/entry.js';
import type { EntryPayload } from '../../src/core/ledger/entry-types.js';
import type { LedgerOp } from '../../src/core/ledger/operation.js';
import { decodeBundleIndex } from '../../src/core/objects/bundle-index.js';
import { sha256 } from '../../src/core/objects/hash.js';
import type { ArtifactId, ObjectId } from '../../src/core/objects/ids.js';
import { PackIndex, packIndexBytes } from '../../src/core/objects/pack-index.js';
import { PACK_TRAILER_BYTES } from '../../src/core/objects/pack-shape.js';
import { entryKey, parseContentKey } from '../../src/store/s3/keys.js';
import { packContent } from '../helpers/pack-content.js';
import type { Change, FakeS3 } from './fake-s3.js';

const MOST_BYTES = 64 * 1024 * 1024;

interface Known {
  isLive: boolean;
  /** Everything that it is made of. */
  readonly objects: Set<ObjectId>;
}

/**
 * What the ledger in a bucket says is live, and whether the bucket has its bytes: by looking at each change of the
 * bucket, and at nothing twice. A copy at a key that is condemned may go at any time.
 */
export class Truth {
  /** What must never be. */
  readonly lost: string[] = [];
  commits = 0;
  condemned = 0;
  purges = 0;
  deletes = 0;
  /** Times that each note is in the ledger. */
  readonly notes = new Map<string, number>();
  readonly #fake: FakeS3;
  readonly #prefix: string;
  readonly #isStrict: boolean;
  readonly #artifacts = new Map<ArtifactId, Known>();
  /** Live artifacts, and the ledger itself, by what they need. */
  readonly #needs = new Map<ObjectId, number>();
  /** Keys of copies that may be relied on. */
  readonly #places = new Map<ObjectId, Set<string>>();
  readonly #condemned = new Set<string>();
  readonly #events = new Set<string>();
  #head = '';

  /** `isStrict`: a copy that is condemned does not count; else it does until it is deleted. */
  constructor(fake: FakeS3, prefix: string, isStrict = true) {
    this.#fake = fake;
    this.#isStrict = isStrict;
    this.#prefix = `${prefix}/`;
    const { changed } = fake;
    fake.changed = (change) => {
      changed(change);
      if (change.key.startsWith(this.#prefix)) this.#look(change);
    };
  }

  /** Whether an artifact is live; undefined: it was never registered. */
  isLive(id: ArtifactId): boolean | undefined {
    return this.#artifacts.get(id)?.isLive;
  }

  #look({ method, key: whole, before }: Change): void {
    const key = whole.slice(this.#prefix.length);
    const now = this.#fake.objects.get(whole);
    const isSame = before !== undefined && now !== undefined && before.equals(now);
    if (method === 'DELETE') this.deletes++;
    if (key.startsWith('ledger/')) {
      if (before !== undefined && !isSame) this.#bad(`${method} ${key}: an entry was changed`);
      this.#follow();
      return;
    }
    if (parseContentKey(key) === undefined || isSame || this.#condemned.has(key)) return;
    if (before !== undefined) this.#leave(key, before, method);
    if (now !== undefined) {
      for (const id of this.#idsAt(key, now)) {
        this.#places.set(id, (this.#places.get(id) ?? new Set()).add(key));
      }
    }
  }

  #bad(what: string): void {
    this.lost.push(`at ${this.commits} commits: ${what}`);
  }

  /** The names that the bytes at a key have. */
  #idsAt(key: string, bytes: Buffer): ObjectId[] {
    const { kind, name } = parseContentKey(key)!;
    if (kind === 'pack') return [...indexOf(bytes).entries()].map(({ id }) => id);
    if (sha256(bytes) === name) return [name];
    this.#bad(`PUT ${key}: other bytes than its name says`);
    return [];
  }

  #leave(key: string, bytes: Buffer, why: string): void {
    for (const id of this.#idsAt(key, bytes)) {
      this.#places.get(id)?.delete(key);
      if ((this.#places.get(id)?.size ?? 0) > 0) continue;
      this.#places.delete(id);
      if ((this.#needs.get(id) ?? 0) > 0) this.#bad(`${why} ${key}: it was the last copy of ${id}, in use`);
    }
  }

  #follow(): void {
    for (;;) {
      const bytes = this.#fake.objects.get(`${this.#prefix}${entryKey(this.commits)}`);
      if (bytes === undefined) return;
      const entry = decodeEntry(bytes);
      if (this.#head !== '' && entry.prev !== this.#head) this.#bad(`entry ${entry.seq} breaks the chain`);
      if (this.#events.has(entry.event_id)) this.#bad(`event ${entry.event_id} is committed twice`);
      this.#events.add(entry.event_id);
      this.#head = sha256(bytes);
      this.commits++;
      this.#take(entry);
    }
  }

  #take(entry: LedgerEntry): void {
    const { type, ops_object, payload_object } = entry;
    for (const id of [ops_object, payload_object]) if (id !== undefined) this.#need(id, `entry ${entry.seq}`);
    if (type === 'note') {
      const { text } = entry.payload as EntryPayload<'note'>;
      this.notes.set(text, (this.notes.get(text) ?? 0) + 1);
    }
    if (type === 'objects_purged') this.purges++;
    if (type === 'objects_condemned') this.#condemn(entry);
    for (const op of entry.ops ?? opsIn(ops_object && this.#bytesOf(ops_object))) this.#apply(op);
  }

  #condemn({ payload, payload_object }: LedgerEntry): void {
    const bytes = payload_object && this.#bytesOf(payload_object);
    if (payload === undefined && bytes === undefined) return;
    const { keys } = (payload ?? parseCanonical(bytes!, MOST_BYTES)) as EntryPayload<'objects_condemned'>;
    for (const key of keys) {
      this.condemned++;
      if (!this.#isStrict) continue;
      const there = this.#fake.objects.get(`${this.#prefix}${key}`);
      if (there !== undefined && !this.#condemned.has(key)) this.#leave(key, there, 'condemned');
      this.#condemned.add(key);
    }
  }

  #apply(op: LedgerOp): void {
    switch (op.op) {
      case 'add': {
        if (this.#artifacts.has(op.artifact_id)) this.#bad(`artifact ${op.artifact_id} is registered twice`);
        const objects = new Set([op.manifest, op.content_hash]);
        this.#artifacts.set(op.artifact_id, { isLive: true, objects });
        const index = op.payload_type === 'directory' ? this.#bytesOf(op.content_hash) : undefined;
        if (index !== undefined)
          for (const { content_hash } of decodeBundleIndex(index)) objects.add(content_hash);
        for (const id of objects) this.#need(id, `new artifact ${op.artifact_id}`);
        return;
      }
      case 'revise': {
        const known = this.#artifacts.get(op.artifact_id);
        if (known === undefined || known.objects.has(op.manifest)) return;
        known.objects.add(op.manifest);
        if (known.isLive) this.#need(op.manifest, `revised artifact ${op.artifact_id}`);
        return;
      }
      case 'remove':
        this.#move(op.artifact_id, false);
        return;
      case 'restore':
        this.#move(op.artifact_id, true);
        return;
      default:
    }
  }

  #move(id: ArtifactId, isLive: boolean): void {
    const known = this.#artifacts.get(id);
    if (known === undefined || known.isLive === isLive) return;
    known.isLive = isLive;
    for (const object of known.objects) {
      if (isLive) this.#need(object, `restored artifact ${id}`);
      else this.#needs.set(object, this.#needs.get(object)! - 1);
    }
  }

  #need(id: ObjectId, who: string): void {
    this.#needs.set(id, (this.#needs.get(id) ?? 0) + 1);
    if (!this.#places.has(id)) this.#bad(`${who} lacks ${id}`);
  }

  #bytesOf(id: ObjectId): Buffer | undefined {
    for (const key of this.#places.get(id) ?? []) {
      const bytes = this.#fake.objects.get(`${this.#prefix}${key}`)!;
      if (parseContentKey(key)!.kind === 'object') return bytes;
      const slot = indexOf(bytes).find(id)!;
      return packContent(bytes)!.subarray(slot.offset, slot.offset + slot.size);
    }
    return undefined;
  }
}

function indexOf(pack: Buffer): PackIndex {
  const bytes = packIndexBytes(pack.subarray(-PACK_TRAILER_BYTES))!;
  return new PackIndex(pack.subarray(-bytes), pack.length - bytes);
}

function opsIn(bytes: Buffer | undefined): LedgerOp[] {
  const [, ...lines] = (bytes?.toString() ?? '').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as LedgerOp);
}
