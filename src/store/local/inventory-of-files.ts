import { isObjectId, type ObjectId } from '../../core/objects/ids.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { DirEntry } from '../../fsx/disk.js';
import type {
  Inventory,
  InventoryRequest,
  ObjectGroup,
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
import { quarantined, quarantinedCopies, quarantineOf } from './quarantine.js';

const NONE: ReadonlySet<string> = new Set();

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
      contents: () => packContents(pack),
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
