import type { ObjectId } from '../../core/objects/ids.js';
import type { PackSlot } from '../../core/objects/pack-index.js';
import { HsError } from '../../errors/hs-error.js';
import { BlockReader } from '../local/objects/block-reader.js';
import { isSmall } from '../local/objects/tidy-packs.js';
import { inMemory } from '../objects/object-store.js';
import type {
  Inventory,
  InventoryRequest,
  ObjectGroup,
  Quarantined,
  QuarantinedCopy,
  Staged,
  StoredObject,
} from '../port/inventory.js';
import type { ObjectFile } from '../port/object-source.js';
import { objectKey } from './keys.js';
import { PART_BYTES } from './part-size.js';
import type { RemoteContents, RemotePack } from './remote-contents.js';
import type { S3Parts } from './s3-parts.js';
import type { BatchFile } from './s3-trash.js';

/**
 * What is listed on the service, but for keys that the ledger condemned; of what is in the trash, batch by batch.
 */
export class S3Inventory implements Inventory {
  readonly #parts: S3Parts;

  constructor(parts: S3Parts) {
    this.#parts = parts;
  }

  async *groups({ where, prefix = '', unlistable }: InventoryRequest = {}): AsyncGenerator<ObjectGroup> {
    const { fetcher, trash, condemned } = this.#parts;
    fetcher.forget();
    trash.forget();
    const contents = await fetcher.contents();
    for (const { name, cause } of contents.unreadable) {
      unlistable?.({ pack: name, message: `pack ${name} cannot be listed`, cause });
    }
    const batches = [...(await trash.batches()).values()];
    const away = new Set<ObjectId>();
    for (const { id } of batches.flatMap((batch) => batch.objects)) {
      if (await trash.holds(id, contents)) away.add(id);
    }
    const isHere = (id: ObjectId) => id.startsWith(prefix) && !away.has(id);
    if (where !== 'trash') {
      const open = await condemned.open(contents);
      yield this.#single(open, [...open.objects.keys()].filter(isHere).sort());
      for (const pack of open.packs) yield this.#packed(pack, prefix, isHere);
    }
    if (where === 'in use') return;
    for (const batch of batches)
      yield this.#trashed(contents, batch, (id) => id.startsWith(prefix) && away.has(id));
  }

  #single(contents: RemoteContents, ids: readonly ObjectId[]): ObjectGroup {
    return {
      objects: ids.map((id): StoredObject => ({ id, size: contents.objects.get(id)![0]!.size })),
      size: async (id) => contents.objects.get(id)?.[0]?.size,
      open: (id) => this.#open(contents, id),
      nameOf: (id) => contents.objects.get(id)?.[0]?.key ?? objectKey(id, 0),
      close: async () => undefined,
    };
  }

  #packed(
    { name, index, copies }: RemotePack,
    prefix: string,
    isHere: (id: ObjectId) => boolean,
  ): ObjectGroup {
    const objects: StoredObject[] = [];
    const reader = this.#reader({ name, index, copies });
    for (const { id, size } of index.entries(prefix)) if (isHere(id)) objects.push({ id, size });
    const { limits } = this.#parts.mirror.local.parts;
    return {
      pack: name,
      rewrites: isSmall(limits, { shape: index }) ? undefined : index.contentBytes,
      objects,
      size: async (id) => index.find(id)?.size,
      open: async (id) => inMemory(await reader.read(index.find(id)!)),
      nameOf: (id) => `${copies[0]!.key}: object ${id}`,
      close: async () => undefined,
    };
  }

  #trashed(contents: RemoteContents, batch: BatchFile, isHere: (id: ObjectId) => boolean): ObjectGroup {
    const { client } = this.#parts;
    const isStill = async (id: ObjectId) => {
      for (const key of contents.keysOf(id)) if ((await client.size(key)) !== undefined) return true;
      return false;
    };
    return {
      batch: batch.name,
      objects: batch.objects.filter(({ id }) => isHere(id)).map(({ id, size }) => ({ id, size })),
      size: async (id) => ((await isStill(id)) ? contents.sizeOf(id) : undefined),
      open: (id) => this.#open(contents, id),
      nameOf: (id) => `trash/${batch.name}: object ${id}`,
      close: async () => undefined,
    };
  }

  async #open(contents: RemoteContents, id: ObjectId): Promise<ObjectFile> {
    const { copies, packs } = contents.placesOf(id);
    if (copies[0] === undefined && packs[0] === undefined) throw gone('');
    if (copies[0] === undefined)
      return inMemory(await this.#reader(packs[0]!).read(packs[0]!.index.find(id)!));
    const { key } = copies[0];
    const { client } = this.#parts;
    const first = await client.getPart(key, `bytes=0-${PART_BYTES - 1}`);
    if (first === undefined) throw gone(key);
    if (first.bytes.length >= first.size) return inMemory(first.bytes);
    return {
      stat: async () => ({ size: first.size }),
      read: async (buffer, position) => {
        if (position >= first.size) return 0;
        const last = Math.min(first.size, position + buffer.length) - 1;
        const bytes = await client.get(key, `bytes=${position}-${last}`);
        if (bytes === undefined) throw gone(key);
        buffer.set(bytes);
        return bytes.length;
      },
      close: async () => undefined,
    };
  }

  #reader({ index, copies }: RemotePack): BlockReader {
    const { key } = copies[0]!;
    const read = async ({ offset, size }: PackSlot) => {
      if (size === 0) return Buffer.alloc(0);
      const bytes = await this.#parts.client.get(key, `bytes=${offset}-${offset + size - 1}`);
      if (bytes === undefined) throw gone(key);
      if (bytes.length !== size) throw new HsError('INTEGRITY', `pack ${key} is damaged: it is too short`);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    };
    return new BlockReader(key, index, { read, atHand: () => undefined });
  }

  quarantine(): Promise<Quarantined> {
    return this.#parts.mirror.local.inventory.quarantine();
  }

  quarantineOf(ids: ReadonlySet<ObjectId> | 'any'): Promise<string | undefined> {
    return this.#parts.mirror.local.inventory.quarantineOf(ids);
  }

  quarantinedCopies(ids: ReadonlySet<ObjectId>): Promise<readonly QuarantinedCopy[]> {
    return this.#parts.mirror.local.inventory.quarantinedCopies(ids);
  }

  /** What is staged is staged in the mirror. */
  staged(): Promise<readonly Staged[]> {
    return this.#parts.mirror.local.inventory.staged();
  }
}

function gone(key: string): Error {
  return Object.assign(new Error(`${key} has gone`), { code: 'ENOENT', errno: -2 });
}
