import { decodeEntry } from '../../src/core/ledger/entry.js';
import type { LedgerOp } from '../../src/core/ledger/operation.js';
import { decodeBundleIndex } from '../../src/core/objects/bundle-index.js';
import type { ObjectId } from '../../src/core/objects/ids.js';
import { PACK_TRAILER_BYTES, PackIndex, packIndexBytes } from '../../src/core/objects/pack-index.js';
import type { FakeS3 } from './fake-s3.js';

interface Live {
  readonly manifests: readonly ObjectId[];
  readonly content: ObjectId;
  readonly isTree: boolean;
}

/** What the ledger in a bucket says is live, and whether the bucket has its bytes: by looking, after every change. */
export class Truth {
  readonly lost = new Set<string>();
  commits = 0;
  readonly #fake: FakeS3;
  readonly #prefix: string;
  readonly #live = new Map<string, Live>();
  readonly #removed = new Map<string, Live>();
  readonly #members = new Map<ObjectId, readonly ObjectId[]>();
  readonly #packs = new Map<string, readonly ObjectId[]>();

  constructor(fake: FakeS3, prefix: string) {
    this.#fake = fake;
    this.#prefix = prefix;
    fake.changed = (what) => {
      if (/^(DELETE|PUT [^ ]*ledger\/)/.test(what)) this.look(what);
    };
  }

  look(what: string): void {
    this.#fold();
    const there = this.#present();
    for (const [id, { manifests, content, isTree }] of this.#live) {
      const members = isTree ? this.#membersOf(content) : [];
      for (const object of [...manifests, content, ...members]) {
        if (!there.has(object)) this.lost.add(`${what}: live artifact ${id} lacks ${object}`);
      }
    }
  }

  #fold(): void {
    for (;;) {
      const key = `${this.#prefix}/ledger/${String(this.commits).padStart(10, '0')}.json`;
      const bytes = this.#fake.objects.get(key);
      if (bytes === undefined) return;
      this.commits++;
      const { ops = [], ops_object } = decodeEntry(bytes);
      for (const op of ops_object === undefined ? ops : opsIn(this.#bytesOf(ops_object)!)) {
        if (op.op === 'add') {
          const isTree = op.payload_type === 'directory';
          this.#live.set(op.artifact_id, { manifests: [op.manifest], content: op.content_hash, isTree });
        } else if (op.op === 'revise') {
          const before = this.#live.get(op.artifact_id)!;
          this.#live.set(op.artifact_id, { ...before, manifests: [...before.manifests, op.manifest] });
        } else if (op.op === 'remove') this.#move(op.artifact_id, this.#live, this.#removed);
        else if (op.op === 'restore') this.#move(op.artifact_id, this.#removed, this.#live);
      }
    }
  }

  #move(id: string, from: Map<string, Live>, to: Map<string, Live>): void {
    const found = from.get(id);
    if (found === undefined) return;
    from.delete(id);
    to.set(id, found);
  }

  #membersOf(index: ObjectId): readonly ObjectId[] {
    const known = this.#members.get(index);
    if (known !== undefined) return known;
    const bytes = this.#bytesOf(index);
    if (bytes === undefined) return [];
    const members = decodeBundleIndex(bytes).map((entry) => entry.content_hash);
    this.#members.set(index, members);
    return members;
  }

  /** Every object with bytes on the service. */
  #present(): Set<ObjectId> {
    const there = new Set<ObjectId>();
    for (const [key, bytes] of this.#fake.objects) {
      const [kind, name] = key.slice(this.#prefix.length + 1).split('/');
      if (kind === 'o') there.add(name as ObjectId);
      else if (kind === 'p') for (const id of this.#inPack(name!, bytes)) there.add(id);
    }
    return there;
  }

  #inPack(name: string, bytes: Buffer): readonly ObjectId[] {
    const known = this.#packs.get(name) ?? [...indexOf(bytes).entries()].map(({ id }) => id);
    this.#packs.set(name, known);
    return known;
  }

  #bytesOf(id: ObjectId): Buffer | undefined {
    for (const [key, bytes] of this.#fake.objects) {
      const [kind, name] = key.slice(this.#prefix.length + 1).split('/');
      if (kind === 'o' && name === id) return bytes;
      const slot = kind === 'p' ? indexOf(bytes).find(id) : undefined;
      if (slot !== undefined) return bytes.subarray(slot.offset, slot.offset + slot.size);
    }
    return undefined;
  }
}

function indexOf(pack: Buffer): PackIndex {
  const bytes = packIndexBytes(pack.subarray(-PACK_TRAILER_BYTES))!;
  return new PackIndex(pack.subarray(-bytes), pack.length - bytes);
}

function opsIn(bytes: Buffer): LedgerOp[] {
  const [, ...lines] = bytes.toString().trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as LedgerOp);
}
