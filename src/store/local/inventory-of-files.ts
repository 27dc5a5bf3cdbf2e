import { isObjectId, type ObjectId } from '../../core/objects/ids.js';
import type { PackIndex } from '../../core/objects/pack-index.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { DirEntry } from '../../fsx/disk.js';
import type {
  Inventory,
  InventoryRequest,
  ObjectGroup,
  ObjectPlace,
  Quarantined,
  QuarantinedCopy,
  Staged,
  StoredObject,
} from '../port/inventory.js';
import { FAN_OUT } from './layout.js';
import { isUnclaimed } from './leases.js';
import { shownName } from './ledger-listing.js';
import type { LocalParts } from './local-parts.js';
import type { WholePack } from './objects/pack.js';
import { packContents } from './objects/pack-contents.js';
import type { Packs } from './objects/packs.js';
import { isSmall, soundPacks } from './objects/tidy-packs.js';
import { UnheldPack } from './objects/unheld-pack.js';
import { quarantined, quarantinedCopies, quarantineOf } from './quarantine.js';

const NONE: ReadonlySet<string> = new Set();

function entriesOf(index: PackIndex, prefix?: string): Iterable<StoredObject> {
  return { [Symbol.iterator]: () => index.entries(prefix)[Symbol.iterator]() };
}

/** Lists `objects/`, `packs/` and the batches of `trash/`. */
export class InventoryOfFiles implements Inventory {
  readonly #parts: LocalParts;

  constructor(parts: LocalParts) {
    this.#parts = parts;
  }

  async *groups(request: InventoryRequest = {}): AsyncGenerator<ObjectGroup> {
    const { files, layout } = this.#parts;
    const { where, prefix = '' } = request;
    if (where !== 'trash') {
      for (const name of FAN_OUT) {
        if (!name.startsWith(prefix.slice(0, 2))) continue;
        const begin = prefix.length > name.length ? prefix : name;
        const ids = await this.#ids(`${layout.objects}/${name}`, begin, request);
        // Most of them are empty: in a new store, and in one with packs.
        if (ids.length > 0) yield await this.#directory(ids, (id) => layout.object(id), request);
      }
      if (request.unheld) yield* this.#unheldPacks(files.packs, request);
      else
        for (const pack of await this.#packs(layout.packs, files.packs, request))
          yield this.#pack(pack, prefix);
    }
    if (where === 'in use') return;
    for (const batch of await this.#attempt(layout.trash, () => files.trashBatches(), request)) {
      const dir = layout.trashBatch(batch);
      // Packs first: an object moved out of one meanwhile is a file, or in use.
      const packs = await this.#packs(dir, files.packsOf(batch), request);
      const ids = await this.#ids(dir, prefix, request);
      yield { ...(await this.#directory(ids, (id) => layout.trashed(batch, id), request)), batch };
      for (const pack of packs) yield { ...this.#pack(pack, prefix), batch };
    }
  }

  /** The objects in a directory whose names begin so, sorted. */
  async #ids(dir: string, begin: string, request: InventoryRequest): Promise<ObjectId[]> {
    let entries: readonly DirEntry[];
    try {
      entries = await this.#parts.disk.readdir(dir);
    } catch (e) {
      return this.#unlisted(dir, e, request);
    }
    const ids: ObjectId[] = [];
    for (const { name, kind } of entries) {
      if (kind === 'file' && name !== undefined && isObjectId(name) && name.startsWith(begin)) ids.push(name);
    }
    return ids.sort();
  }

  async #directory(
    ids: readonly ObjectId[],
    pathOf: (id: ObjectId) => string,
    { sizes }: InventoryRequest,
  ): Promise<ObjectGroup> {
    const size = async (id: ObjectId) => (await this.#parts.disk.find(pathOf(id)))?.size;
    const objects: StoredObject[] = [];
    for (const id of ids) {
      const found = sizes ? await size(id) : undefined;
      if (!sizes || found !== undefined) objects.push(found === undefined ? { id } : { id, size: found });
    }
    return {
      objects,
      size,
      open: (id) => this.#parts.disk.open(pathOf(id), { access: 'read' }),
      nameOf: (id) => this.#name(pathOf(id)),
      close: async () => undefined,
    };
  }

  #packs(dir: string, packs: Packs | undefined, request: InventoryRequest): Promise<WholePack[]> {
    const { unlistable } = request;
    const open = async () => {
      await packs?.refresh();
      return (await packs?.all()) ?? [];
    };
    return this.#attempt(dir, unlistable === undefined ? open : () => soundPacks(packs, unlistable), request);
  }

  /** Those in use that have an intact index. */
  async *#unheldPacks(packs: Packs | undefined, request: InventoryRequest): AsyncGenerator<ObjectGroup> {
    const { disk, layout } = this.#parts;
    const list = async () => [...((await packs?.refresh()) ?? [])].sort();
    for (const name of await this.#attempt(layout.packs, list, request)) {
      const pack = new UnheldPack(disk, name, layout.pack(name));
      try {
        const { index } = await pack.whole();
        yield { ...this.#place(name, pack), objects: entriesOf(index, request.prefix) };
      } catch (cause) {
        if (isErrno(cause, 'ENOENT')) continue;
        const isDamage = isHsError(cause, 'INTEGRITY');
        if (!isDamage && !isErrno(cause, 'EIO', 'EACCES', 'EPERM')) throw cause;
        const message = isDamage ? cause.message : `pack ${name} cannot be read`;
        request.unlistable?.({ pack: name, message, cause });
      } finally {
        await pack.close();
      }
    }
  }

  /** Nothing of it holds the index. */
  #place(name: ObjectId, pack: UnheldPack): ObjectPlace {
    return {
      pack: name,
      size: (id) => pack.size(id),
      open: (id) => pack.open(id),
      contents: () => pack.contents(),
      nameOf: (id) => `${this.#name(pack.path)}: object ${id}`,
      close: () => pack.close(),
    };
  }

  /** Runs a listing; empty for a missing directory, such as a batch a collector just removed. */
  async #attempt<T>(dir: string, list: () => Promise<T[]>, request: InventoryRequest): Promise<T[]> {
    try {
      return await list();
    } catch (e) {
      return this.#unlisted(dir, e, request);
    }
  }

  #unlisted(dir: string, cause: unknown, { unlistable }: InventoryRequest): never[] {
    if (isErrno(cause, 'ENOENT')) return [];
    if (unlistable === undefined || !(isErrno(cause) || isHsError(cause, 'INTEGRITY'))) throw cause;
    unlistable({ message: `${this.#name(dir)} cannot be listed`, cause });
    return [];
  }

  #pack(pack: WholePack, prefix: string): ObjectGroup {
    const { index } = pack;
    return {
      pack: pack.name,
      rewrites: isSmall(this.#parts.limits, pack) ? undefined : pack.shape.contentBytes,
      objects: { [Symbol.iterator]: () => index.entries(prefix)[Symbol.iterator]() },
      digests: prefix === '' ? index.digests : undefined,
      size: async (id) => index.find(id)?.size,
      open: (id) => pack.open(index.find(id)!),
      contents: async () => packContents(pack),
      nameOf: (id) => `${this.#name(pack.path)}: object ${id}`,
      close: () => pack.close(),
    };
  }

  #name(path: string): string {
    return path.slice(this.#parts.layout.root.length + 1);
  }

  quarantine(): Promise<Quarantined> {
    return quarantined(this.#parts);
  }

  quarantineOf(ids: ReadonlySet<ObjectId> | 'any'): Promise<string | undefined> {
    return quarantineOf(this.#parts, ids);
  }

  quarantinedCopies(ids: ReadonlySet<ObjectId>): Promise<readonly QuarantinedCopy[]> {
    return quarantinedCopies(this.#parts, ids);
  }

  async staged(): Promise<readonly Staged[]> {
    const entries = await this.#parts.disk.readdir(this.#parts.layout.tmp);
    return entries.map((entry) => ({
      name: shownName(entry),
      lease: entry.name?.split('-')[0] ?? '',
      isStray: entry.kind !== 'file' || !isUnclaimed(entry.name ?? '', NONE),
    }));
  }
}
