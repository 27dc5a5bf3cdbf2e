import type { ObjectId } from '../../core/objects/ids.js';
import { parallel } from '../../core/parallel.js';
import { HsError } from '../../errors/hs-error.js';
import { corrupt } from '../objects/object-store.js';
import type {
  Added,
  AddOptions,
  ByteSource,
  FileSource,
  HeldSource,
  ObjectBatch,
  Published,
} from '../port/object-batch.js';
import { OBJECTS, objectKey, PACKS, packKey } from './keys.js';
import { PackUploads } from './pack-uploads.js';
import { PART_BYTES } from './part-size.js';
import { copiesBelow, type RemoteCopy } from './remote-contents.js';
import type { S3Parts } from './s3-parts.js';
import { hashSource, packAgain, upload, uploadHeld } from './upload.js';

/** Files that are open at once; what is beyond is copied. */
const MOST_HELD = 64;

/** A key at which an object is. */
interface Relied {
  readonly key: string;
  /** The entry up to which it is known not to be condemned. */
  readonly checked: number;
  /**
   * When it is published again, the object may be in the trash. One that was uploaded beside the look at the head is as
   * one uploaded before any append: should it be there, a collection brings it back.
   */
  readonly mayBeOut: boolean;
}

interface Member {
  readonly size: number;
  /** The copy in the mirror was made of bytes that were hashed, or compared with them; or the source is held. */
  readonly isOwn: boolean;
  /** It is not in the mirror, or need not be. */
  readonly held?: HeldSource | undefined;
  relied?: Relied | undefined;
}

/**
 * Objects staged and published in the mirror, then uploaded under keys of the current epoch; large files are hashed,
 * and uploaded from where they are. A key that the ledger condemned up to the head of the commit is not relied on: its
 * object is uploaded again.
 */
export class S3Batch implements ObjectBatch {
  readonly lease: string;
  readonly mayConsolidate = false;
  readonly #parts: S3Parts;
  readonly #local: ObjectBatch;
  readonly #members = new Map<ObjectId, Member>();
  readonly #held: HeldSource[] = [];
  readonly #uploads: PackUploads;
  /** Packs that were in the mirror before: others are new, and their keys have never been used. */
  readonly #older: Promise<Set<ObjectId>>;

  constructor(parts: S3Parts, lease: string) {
    this.#parts = parts;
    this.lease = lease;
    this.#uploads = new PackUploads(parts);
    this.#local = parts.mirror.batch(lease, (pack) => this.#uploads.begin(pack));
    this.#older = parts.mirror.packNames();
    this.#older.catch(() => undefined);
  }

  get damaged(): ReadonlySet<ObjectId> {
    return this.#local.damaged;
  }

  distrust(id: ObjectId): void {
    this.#local.distrust(id);
  }

  async addBytes(bytes: Uint8Array, options?: AddOptions): Promise<Added> {
    await this.#older;
    return this.#added(await this.#local.addBytes(bytes, options));
  }

  async addPieces(pieces: () => Iterable<Uint8Array>): Promise<Added> {
    await this.#older;
    return this.#added(await this.#local.addPieces(pieces));
  }

  async addSource(source: ByteSource | FileSource, onBytes?: (count: number) => void): Promise<Added> {
    await this.#older;
    if ('hold' in source && source.size > PART_BYTES && this.#held.length < MOST_HELD) {
      return this.#added(await hashSource(source, onBytes), source);
    }
    return this.#added(await this.#local.addSource(source, onBytes));
  }

  /** `source`: of bytes that are not in the mirror. */
  #added(added: Added, source?: FileSource): Added {
    const before = this.#members.get(added.id);
    const held = before?.isOwn ? before.held : source?.hold();
    if (held !== undefined && held !== before?.held) this.#held.push(held);
    if (before === undefined && held === undefined) this.#parts.mirror.grow(added.size);
    // A damaged copy is replaced.
    const relied = this.damaged.has(added.id) ? undefined : before?.relied;
    this.#members.set(added.id, { size: added.size, isOwn: true, held, relied });
    return added;
  }

  async reference(id: ObjectId, size?: number): Promise<void> {
    if (this.#members.has(id)) return;
    const { mirror, objects } = this.#parts;
    await mirror.isSoundOrDropped(id);
    const found = await objects.size(id);
    if (found === undefined) throw missing(id);
    // The name promises the bytes: a different size proves damage, and new bytes under this name would hide it.
    if (size !== undefined && found !== size) throw corrupt(id);
    this.#members.set(id, { size: found, isOwn: false });
  }

  async referenceAll(ids: Iterable<ObjectId>): Promise<void> {
    for (const id of ids) await this.reference(id);
  }

  async publish(head?: number): Promise<Published> {
    const { ledger, trash, fetcher, mirror } = this.#parts;
    await this.#local.publish();
    await mirror.local.objects.refresh();
    const at = head ?? (await ledger.headSeq());
    // The state may come from an index that knows more than this machine's last look: what that condemned counts.
    await ledger.followTo(at);
    const found = new Set<ObjectId>();
    const open: ObjectId[] = [];
    for (const [id, member] of this.#members) {
      const { relied } = member;
      if (relied !== undefined && !(await this.#parts.condemned.has(relied.key, relied.checked))) {
        member.relied = { ...relied, checked: at };
        if (relied.mayBeOut) found.add(id);
      } else open.push(id);
    }
    for (const id of await this.#settle(open, at)) found.add(id);
    fetcher.forget();
    if (found.size > 0) {
      trash.forget();
      await trash.takeBack(found);
    }
    const packs = new Set<string>();
    for (const { relied } of this.#members.values()) {
      if (relied!.key.startsWith(PACKS)) packs.add(relied!.key.slice(PACKS.length));
    }
    return { packs: [...packs].sort() };
  }

  /** Finds or makes a key to rely on for each object; returns those that were found. */
  async #settle(ids: readonly ObjectId[], at: number): Promise<ObjectId[]> {
    const inFiles: ObjectId[] = [];
    const inPacks = new Map<ObjectId, ObjectId[]>();
    for (const id of ids) {
      // Good bytes for a damaged object are in a file of its own, whatever packs have it.
      const file =
        this.damaged.has(id) || this.#members.get(id)!.held !== undefined
          ? {}
          : ((await this.#parts.mirror.fileOf(id)) ?? (await this.#brought(id)));
      const { pack } = file;
      if (pack === undefined) inFiles.push(id);
      else if (!inPacks.get(pack)?.push(id)) inPacks.set(pack, [id]);
    }
    const found: ObjectId[] = [];
    await parallel([...inFiles, ...inPacks], async (item) => {
      if (typeof item === 'string') {
        if (await this.#settleFile(item, at)) found.push(item);
      } else if (await this.#settlePack(...item, at)) found.push(...item[1]);
    });
    return found;
  }

  /** An object that was only referenced: its bytes are on the service. */
  async #brought(id: ObjectId): Promise<{ readonly pack?: ObjectId }> {
    const { fetcher, condemned, mirror } = this.#parts;
    if (!(await fetcher.bring(id, condemned.epoch))) throw missing(id);
    const file = await mirror.fileOf(id);
    if (file === undefined) throw missing(id);
    if (file.pack !== undefined) (await this.#older).add(file.pack);
    return file;
  }

  #rely(ids: readonly ObjectId[], key: string, checked: number, isFound: boolean): void {
    const mayBeOut = isFound || !this.#parts.ledger.isAssumed;
    for (const id of ids) this.#members.get(id)!.relied = { key, checked, mayBeOut };
  }

  /** A copy that no entry up to the head condemns. */
  async #usable(copies: readonly RemoteCopy[], size?: number): Promise<string | undefined> {
    for (const copy of copies) {
      if (size !== undefined && copy.size !== size) continue;
      if (!(await this.#parts.condemned.has(copy.key))) return copy.key;
    }
    return undefined;
  }

  async #settleFile(id: ObjectId, at: number): Promise<boolean> {
    const { client, mirror, condemned } = this.#parts;
    const { size, isOwn, held } = this.#members.get(id)!;
    const isGood = !this.damaged.has(id);
    const copies = isGood ? await copiesBelow(client, `${OBJECTS}${id}/`) : undefined;
    const usable = await this.#usable(copies?.get(id) ?? [], size);
    const key = usable ?? objectKey(id, condemned.epoch);
    if (usable === undefined && held !== undefined) await uploadHeld(client, key, { id, size }, held);
    else if (usable === undefined) {
      // Bytes that are not proven must not take the place of good ones.
      if (!isOwn && !(await mirror.isSound(id))) throw corrupt(id);
      await upload(client, mirror, key, mirror.layout.object(id));
    }
    this.#rely([id], key, at, usable !== undefined);
    return usable !== undefined;
  }

  async #settlePack(name: ObjectId, ids: readonly ObjectId[], at: number): Promise<boolean> {
    const { client, mirror, condemned } = this.#parts;
    const sent = await this.#uploads.keyOf(name);
    if (sent !== undefined && !(await condemned.has(sent))) {
      this.#rely(ids, sent, at, false);
      return false;
    }
    const isOlder = (await this.#older).has(name);
    if (isOlder) {
      const usable = await this.#usable((await copiesBelow(client, `${PACKS}${name}/`)).get(name) ?? []);
      if (usable !== undefined) {
        this.#rely(ids, usable, at, true);
        return true;
      }
    }
    if (isOlder || !ids.every((id) => this.#members.get(id)!.isOwn)) {
      // What else is in it may be damaged, or have been purged: then it must not come back.
      for (const [again, held] of await packAgain(mirror, this.lease, ids)) {
        await this.#uploadPack(again, held, at);
      }
      return false;
    }
    await this.#uploadPack(name, ids, at);
    return false;
  }

  async #uploadPack(name: ObjectId, ids: readonly ObjectId[], at: number): Promise<void> {
    const { client, mirror, condemned } = this.#parts;
    const key = packKey(name, condemned.epoch);
    await upload(client, mirror, key, mirror.layout.pack(name));
    this.#rely(ids, key, at, false);
  }

  async discard(): Promise<void> {
    this.#members.clear();
    const closing = this.#held.splice(0).map((source) => source.close());
    await Promise.all([this.#uploads.end(), this.#local.discard(), ...closing]);
  }
}

function missing(id: ObjectId): HsError {
  return new HsError('OBJECT_MISSING', `object ${id} is missing`, {
    hint: 'it may have been collected meanwhile; hs fsck lists all damage',
  });
}
