import { IdTable } from '../../core/objects/id-table.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { PackIndex, packIndexBytes } from '../../core/objects/pack-index.js';
import { PACK_TRAILER_BYTES } from '../../core/objects/pack-shape.js';
import { parallel } from '../../core/parallel.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import { Pack } from '../local/objects/pack.js';
import type { S3Client } from './client/s3-client.js';
import { OBJECTS, PACKS, parseContentKey } from './keys.js';
import type { Mirror } from './mirror.js';

/** One copy on the service. */
export interface RemoteCopy {
  readonly key: string;
  /** Size in bytes of what lies at the key. */
  readonly size: number;
}

export interface RemotePack {
  readonly name: ObjectId;
  readonly copies: readonly RemoteCopy[];
  readonly index: PackIndex;
}

export interface UnreadablePack {
  readonly name: ObjectId;
  readonly cause: unknown;
}

/** Read at once, since most packs are small: then the index comes with one request. */
const TAIL_BYTES = 64 * 1024;

/** All objects and packs on the service, as of one listing. */
export class RemoteContents {
  readonly objects: ReadonlyMap<ObjectId, readonly RemoteCopy[]>;
  readonly packs: readonly RemotePack[];
  readonly unreadable: readonly UnreadablePack[];

  private constructor(
    objects: ReadonlyMap<ObjectId, readonly RemoteCopy[]>,
    packs: readonly RemotePack[],
    unreadable: readonly UnreadablePack[],
  ) {
    this.objects = objects;
    this.packs = packs;
    this.unreadable = unreadable;
  }

  /** `known`: indexes of packs, by name; a name has one index forever. */
  static async load(
    client: S3Client,
    mirror: Mirror,
    known: ReadonlyMap<ObjectId, PackIndex>,
  ): Promise<RemoteContents> {
    const [objects, packCopies] = await Promise.all([
      copiesBelow(client, OBJECTS),
      copiesBelow(client, PACKS),
    ]);
    const packs: RemotePack[] = [];
    const unreadable: UnreadablePack[] = [];
    await parallel(packCopies, async ([name, copies]) => {
      try {
        const index =
          known.get(name) ??
          (await indexInMirror(mirror, name)) ??
          (await remoteIndex(client, name, copies[0]!));
        packs.push({ name, copies, index });
      } catch (cause) {
        if (!(cause instanceof HsError) || cause.code !== 'INTEGRITY') throw cause;
        unreadable.push({ name, cause });
      }
    });
    packs.sort((a, b) => (a.name < b.name ? -1 : 1));
    return new RemoteContents(objects, packs, unreadable);
  }

  /** What is at other keys than those that are `away`. */
  async but(away: (key: string) => Promise<boolean>): Promise<RemoteContents> {
    const kept = async (copies: readonly RemoteCopy[]) => {
      const found: RemoteCopy[] = [];
      for (const copy of copies) if (!(await away(copy.key))) found.push(copy);
      return found;
    };
    const objects = new Map<ObjectId, readonly RemoteCopy[]>();
    for (const [id, copies] of this.objects) {
      const found = await kept(copies);
      if (found.length > 0) objects.set(id, found);
    }
    const packs: RemotePack[] = [];
    for (const pack of this.packs) {
      const copies = await kept(pack.copies);
      if (copies.length > 0) packs.push({ ...pack, copies });
    }
    return new RemoteContents(objects, packs, this.unreadable);
  }

  /** Everything at which an object is: its own keys, and packs. */
  placesOf(id: ObjectId): { readonly copies: readonly RemoteCopy[]; readonly packs: readonly RemotePack[] } {
    return {
      copies: this.objects.get(id) ?? [],
      packs: this.packs.filter(({ index }) => index.find(id) !== undefined),
    };
  }

  /** Every object that is somewhere. */
  ids(): IdTable {
    const ids = new IdTable(this.objects.size);
    for (const id of this.objects.keys()) ids.add(id);
    for (const { index } of this.packs) for (const { id } of index.entries()) ids.add(id);
    return ids;
  }

  /** Keys of every place of an object. */
  keysOf(id: ObjectId): string[] {
    const { copies, packs } = this.placesOf(id);
    return [...copies, ...packs.flatMap((pack) => pack.copies)].map(({ key }) => key);
  }

  /** Size in bytes; undefined: it is not there. */
  sizeOf(id: ObjectId): number | undefined {
    const { copies, packs } = this.placesOf(id);
    return copies[0]?.size ?? packs[0]?.index.find(id)?.size;
  }
}

export async function copiesBelow(client: S3Client, start: string): Promise<Map<ObjectId, RemoteCopy[]>> {
  const found = new Map<ObjectId, RemoteCopy[]>();
  for await (const { key, size } of client.list(start)) {
    const name = parseContentKey(key)?.name;
    if (name === undefined) continue;
    // The newest first: an older one may be condemned.
    found.set(name, [{ key, size }, ...(found.get(name) ?? [])]);
  }
  return found;
}

async function indexInMirror(mirror: Mirror, name: ObjectId): Promise<PackIndex | undefined> {
  try {
    const pack = await Pack.open(mirror.local.parts.disk, name, mirror.layout.pack(name));
    await pack.close();
    pack.index.verify(name);
    return pack.index;
  } catch (e) {
    if (!isErrno(e) && !isHsError(e)) throw e;
    return undefined;
  }
}

async function remoteIndex(client: S3Client, name: ObjectId, { key, size }: RemoteCopy): Promise<PackIndex> {
  const damaged = () => new HsError('INTEGRITY', `pack ${name} is damaged: it does not end like a pack`);
  const tail = async (count: number) => {
    const bytes = await client.get(key, `bytes=${Math.max(0, size - count)}-${size - 1}`);
    if (bytes === undefined) throw damaged();
    return Buffer.from(bytes);
  };
  if (size < PACK_TRAILER_BYTES) throw damaged();
  let bytes = await tail(TAIL_BYTES);
  const wanted = packIndexBytes(bytes.subarray(-PACK_TRAILER_BYTES));
  if (wanted === undefined || wanted > size) throw damaged();
  if (wanted > bytes.length) bytes = await tail(wanted);
  const index = new PackIndex(bytes.subarray(-wanted), size - wanted);
  index.verify(name);
  return index;
}
