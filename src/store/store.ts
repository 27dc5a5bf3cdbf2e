import { Catalog, type CatalogMeta, type Head } from '../core/catalog/catalog.js';
import { META_KEY } from '../core/catalog/catalog-keys.js';
import { EntryFold, foldEntry, foldSteps } from '../core/catalog/fold.js';
import { MemoryTables, type ReadTables, TablesDamaged } from '../core/catalog/key-tables.js';
import type { Clock, Environment, Random, Trace } from '../core/effects.js';
import { parseCanonical } from '../core/json/canonical.js';
import { checkPayload, type LedgerEntry } from '../core/ledger/entry.js';
import type { LedgerOp } from '../core/ledger/operation.js';
import type { EntryPayload } from '../core/ledger/payload.js';
import { sha256 } from '../core/objects/hash.js';
import { decodePolicy, MAX_POLICY_BYTES, type Policy } from '../core/policy/policy.js';
import { HsError, isErrno, isHsError } from '../errors/hs-error.js';
import { cooperatively } from '../fsx/cooperative.js';
import type { Disk, DiskFile, FileStat } from '../fsx/disk.js';
import type { IndexPort } from '../fsx/sync-read-file.js';
import { yieldToEvents } from '../fsx/yielding-disk.js';
import { CatalogCache } from './catalog/catalog-cache.js';
import type { LayeredTables } from './catalog/index/layered-tables.js';
import { IndexView } from './catalog/index-view.js';
import { Ledger, type ReadEntry } from './ledger/ledger-files.js';
import { decodeOps, decodeOpsParts, decodeOpsSteps, MAX_OPS_BYTES } from './ledger/operations-object.js';
import { Anchor } from './local/anchor.js';
import { checkStructure } from './local/check-structure.js';
import { type Format, hasFeature, readFormat } from './local/format.js';
import { Layout, ROOTING } from './local/layout.js';
import { Leases } from './local/leases.js';
import { StateDir } from './local/state-dir.js';
import { StoreTrust } from './local/store-trust.js';
import { ObjectBatch } from './objects/object-batch.js';
import { corrupt, ObjectStore } from './objects/object-store.js';
import type { PackLimits } from './objects/pack-writer.js';
import { Packs } from './objects/packs.js';

/** The effects that a store stands on. Without `index` (a simulated disk) the catalog is folded in memory. */
export interface StorePorts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly env: Environment;
  readonly index?: IndexPort;
  readonly trace?: Trace;
  /** Is told once where the anchor cannot be kept; left out by who only reads. */
  readonly warn?: (message: string) => void;
  /** Smaller ones than a real store has, for tests. */
  readonly packLimits?: PackLimits;
}

const MAX_PAYLOAD_BYTES = 256 * 1024 * 1024;

interface Folded extends ReadEntry {
  readonly ops: readonly LedgerOp[];
}

/** An open store: objects, ledger, leases and the catalog folded from the ledger. */
export class Store {
  readonly ports: StorePorts;
  readonly layout: Layout;
  readonly format: Format;
  readonly objects: ObjectStore;
  readonly ledger: Ledger;
  readonly leases: Leases;
  /** What this user knows of stores. */
  readonly state: StateDir;
  /** Whether this user made or accepted this one. */
  readonly trust: StoreTrust;
  readonly anchor: Anchor;
  readonly #cache: CatalogCache | undefined;
  /** The in-memory fold, where there is no index. */
  #memory: MemoryTables | undefined;
  #anchorHeld = false;
  #saidUnkept = false;
  readonly #release: () => Promise<void>;
  /** Why nothing may be appended, where that is so. */
  #behind: HsError | undefined;

  private constructor(
    ports: StorePorts,
    layout: Layout,
    format: Format,
    formatBytes: Uint8Array,
    stat: FileStat,
    release: () => Promise<void>,
  ) {
    this.ports = ports;
    this.#release = release;
    this.layout = layout;
    this.format = format;
    const packs = hasFeature(format, 'packs') ? new Packs(ports.disk, layout.packs) : undefined;
    this.objects = new ObjectStore(ports.disk, layout, packs);
    this.ledger = new Ledger(ports.disk, layout, sha256(formatBytes));
    this.state = new StateDir(ports.disk, ports.random, ports.env);
    this.leases = new Leases(ports.disk, layout, ports.random, {
      id: format.store_id,
      state: this.state,
      // In a store that a group shares, each file is its maker's.
      ...(hasFeature(format, 'shared') ? {} : { owner: stat.uid }),
    });
    this.anchor = new Anchor(ports.disk, this.state, format.store_id);
    this.trust = new StoreTrust(this.state, format.store_id, layout.root, stat);
    this.#cache =
      ports.index &&
      new CatalogCache(ports.disk, ports.random, layout, format.store_id, this.state, ports.index);
  }

  /** Opens the store at `root` (a `.hsstore` directory). NO_STORE or UNKNOWN_FORMAT before anything is touched. */
  static async open(ports: StorePorts, root: string): Promise<Store> {
    const layout = new Layout(root);
    let disk = await ports.disk.within(root, ROOTING).catch((e) => {
      throw isErrno(e, 'ENOENT', 'ENOTDIR') ? new HsError('NO_STORE', `'${root}' is not a store`) : e;
    });
    try {
      const { format, bytes } = await readFormat(disk, layout);
      const stat = await disk.lstat(root);
      const shared = hasFeature(format, 'shared');
      const { uid, gid } = stat;
      const owner = ports.env.uid === 0 && uid !== 0 ? { uid, gid } : undefined;
      if (shared || owner !== undefined) {
        await disk.release();
        disk = await ports.disk.within(root, { ...ROOTING, shared, owner });
      }
      return new Store({ ...ports, disk }, layout, format, bytes, stat, () => disk.release());
    } catch (e) {
      await disk.release();
      throw e;
    }
  }

  get id(): string {
    return this.format.store_id;
  }
  get root(): string {
    return this.layout.root;
  }
  /** The directory that holds the store. */
  get workspace(): string {
    return this.root.slice(0, this.root.lastIndexOf('/')) || '/';
  }
  /** Reaches the store without following a link, wherever the path leads. */
  get disk(): Disk {
    return this.ports.disk;
  }

  /** The head, compared with what was seen of this ledger before (ROLLED_BACK), and remembered. */
  async checkedHead(): Promise<Head> {
    const head = await this.ledger.head();
    const seen = await this.anchor.check(this.ledger, head);
    this.#anchorHeld = false;
    if (seen === undefined || seen.seq < head.seq) await this.#rememberHead(head);
    return head;
  }

  /** A head that was only seen: its writer may have died before its fsync, and what a power cut may take back is no rollback. */
  async #rememberHead(head: Head): Promise<void> {
    if (this.anchor.path === undefined) return;
    try {
      await this.ledger.sync(head.seq);
    } catch (e) {
      if (isErrno(e)) return;
      throw e;
    }
    await this.keepAnchor(head);
  }

  /** Leaves the anchor alone until the head was checked or accepted: what is appended meanwhile, a refusal for one, must not hide a rollback. */
  holdAnchor(): void {
    this.#anchorHeld = true;
  }

  /** Goes on with a ledger that lacks what was seen of it: to be read, and not written to. */
  readOnlyBecause(behind: HsError): void {
    this.holdAnchor();
    this.#behind = behind;
  }

  /** Whether the ledger still is what it was when the store was opened, as each command asks when it begins. */
  async recheck(): Promise<void> {
    if (!this.#anchorHeld) await this.checkedHead();
  }

  /** Throws where this store may only be read. */
  demandWritable(): void {
    if (this.#behind !== undefined) throw this.#behind;
  }

  /** Takes the ledger as it stands for the whole one (`ledger accept-rollback`). */
  async acceptHead(): Promise<Head> {
    const head = await this.ledger.head();
    this.#anchorHeld = false;
    await this.#rememberHead(head);
    return head;
  }

  /** Moves the anchor after an entry is durable. */
  async remember(seq: number, bytes: Uint8Array): Promise<void> {
    if (this.#anchorHeld) return;
    // Another command may have appended, and remembered, in between: the anchor only rises.
    const seen = await this.anchor.look();
    if (seen === undefined || (seen !== 'lost' && seen.seq < seq))
      await this.keepAnchor({ seq, hash: sha256(bytes) });
  }

  /** Writes the anchor; where that cannot be, it is said once. */
  async keepAnchor(head: Head): Promise<void> {
    if ((await this.anchor.write(head)) || this.#saidUnkept) return;
    this.#saidUnkept = true;
    this.ports.warn?.(this.anchor.unkept);
  }

  /** The file that one collector at a time locks. INTEGRITY where something else has its name. */
  async collectorLock(): Promise<DiskFile> {
    const path = this.layout.gcLock;
    try {
      return await this.disk.open(path, { access: 'update' });
    } catch (e) {
      if (!isErrno(e, 'EINVAL', 'ELOOP')) throw e;
      throw new HsError('INTEGRITY', `'${path}' is not a file`, {
        hint: 'hs fsck tells what does not belong',
      });
    }
  }

  /** Objects for a commit; `prefix` is the token of the lease that it is made under. */
  batch(prefix: string): ObjectBatch {
    return new ObjectBatch(this.disk, this.layout, this.objects, prefix, this.ports.packLimits);
  }

  async opsOf(entry: LedgerEntry): Promise<readonly LedgerOp[]> {
    if (entry.ops_object === undefined) return entry.ops ?? [];
    return cooperatively(decodeOpsSteps(await this.objects.read(entry.ops_object, MAX_OPS_BYTES)));
  }

  /** The same a part at a time: a list of a million takes no more memory than one of a thousand. */
  async *#opsParts(entry: LedgerEntry): AsyncGenerator<readonly LedgerOp[], void> {
    if (entry.ops_object === undefined) yield entry.ops ?? [];
    else yield* decodeOpsParts(this.objects.lend(entry.ops_object));
  }

  async payloadOf(entry: LedgerEntry): Promise<EntryPayload> {
    if (entry.payload_object === undefined) return entry.payload!;
    const bytes = await this.objects.read(entry.payload_object, MAX_PAYLOAD_BYTES);
    return checkPayload(entry.type, parseCanonical(bytes, MAX_PAYLOAD_BYTES, 'paths'));
  }

  async policy(catalog: Catalog): Promise<Policy> {
    return decodePolicy(await this.objects.read(catalog.policyId, MAX_POLICY_BYTES));
  }

  async *#entriesAfter(from: Head | undefined, signal?: AbortSignal): AsyncGenerator<Folded> {
    for await (const read of this.ledger.walk(from)) {
      yield { ...read, ops: await this.opsOf(read.entry) };
      signal?.throwIfAborted();
    }
  }

  /**
   * The state at the head from the ledger alone, the whole chain checked: what removals and marks go
   * by. `visit` sees every entry on the way.
   */
  async foldFromLedger(visit?: (entry: LedgerEntry) => void): Promise<Catalog> {
    const tables = new MemoryTables();
    for await (const { entry, ops, hash } of this.#entriesAfter(undefined)) {
      await cooperatively(foldSteps(tables, entry, ops, hash));
      visit?.(entry);
    }
    return new Catalog(tables);
  }

  /**
   * The state at the head, from the index where there is one. A frozen view, valid for the next few calls.
   * With a signal, bringing it up to the head ends when that is aborted.
   */
  async catalog(signal?: AbortSignal): Promise<Catalog> {
    const tables = await this.#cache?.tables();
    if (tables === undefined) return this.#catalogInMemory(signal);
    try {
      return await this.#catalogFrom(this.#cache!, tables, signal);
    } catch (e) {
      if (!(e instanceof TablesDamaged)) throw e;
      void this.#cache?.discard();
      return this.#catalogInMemory(signal);
    }
  }

  /**
   * Before anything of the store is believed. One that this user has never met is looked over (INTEGRITY), and
   * the index that came with it is thrown away: derived data that somebody else made proves nothing. Without
   * `demand` it is not looked over, for the commands that tell what is wrong, and stays unmet.
   * `doubt` is why the way to it is not to be trusted, which is thrown unless this user accepted the store.
   */
  async meet(demand: boolean, doubt?: HsError): Promise<void> {
    const { trust } = this;
    if (await trust.isKnown()) {
      if (doubt !== undefined && !(await trust.isAccepted())) throw doubt;
      return;
    }
    // Versions before this one kept an anchor and no more: who has one has used the store.
    const seen = (await trust.isUnrecorded()) ? await this.anchor.look() : undefined;
    if (seen !== undefined && seen !== 'lost') {
      await trust.accept();
      return;
    }
    if (doubt !== undefined) throw doubt;
    if (demand) await checkStructure(this.disk, this.layout);
    await this.#cache?.forget();
    if (demand) await trust.note();
  }

  /** Whether the index was found to be damaged and thrown away. */
  get discardedIndex(): boolean {
    return this.#cache?.isDiscarded ?? false;
  }

  /** Throws the index away, for who found that it does not prove itself. */
  async discardIndex(): Promise<void> {
    await this.#cache?.discard();
  }

  /** The directory of the index, where there can be one. */
  get indexPlace(): string | undefined {
    return this.#cache?.place;
  }

  /**
   * Reads the chain up to a head, and what its entries keep operations in, without folding them: LEDGER_BROKEN,
   * or the object's own failure, where a fold of the ledger would fail.
   */
  async checkChain(head: Head): Promise<void> {
    for await (const { entry } of this.ledger.walk(undefined, head.seq)) {
      if (entry.ops_object !== undefined) for await (const _ of this.objects.lend(entry.ops_object));
    }
  }

  /** On a full disk the index, which can be made anew, gives its room to who is about to free some. */
  async makeRoom(): Promise<void> {
    try {
      if (await this.#cache?.isShort()) await this.#cache?.discard();
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
  }

  /** The state at `head` for a view of the index that met damage, at once, since a read of it cannot wait. */
  #foldNow(head: Head): ReadTables {
    const { index } = this.ports;
    const readFile = (path: string, maxBytes: number) =>
      index!.readFile(this.root, path.slice(this.root.length + 1), maxBytes);
    void this.#cache?.discard();
    const tables = new MemoryTables();
    for (const { entry, hash } of this.ledger.walkNow(readFile, head.seq)) {
      const id = entry.ops_object;
      const bytes = id && readFile(this.layout.object(id), MAX_OPS_BYTES);
      if (id !== undefined && sha256(bytes!) !== id) throw corrupt(id);
      foldEntry(tables, entry, bytes === undefined ? (entry.ops ?? []) : decodeOps(bytes), hash);
    }
    this.#memory ??= tables;
    return tables;
  }

  async #catalogInMemory(signal?: AbortSignal): Promise<Catalog> {
    const at = this.#memory?.get(META_KEY) as CatalogMeta | undefined;
    const tables = this.#memory?.fork() ?? new MemoryTables();
    for await (const { entry, ops, hash } of this.#entriesAfter(at, signal)) {
      await cooperatively(foldSteps(tables, entry, ops, hash));
    }
    this.#memory = tables;
    return new Catalog(tables);
  }

  async #catalogFrom(cache: CatalogCache, tables: LayeredTables, signal?: AbortSignal): Promise<Catalog> {
    const at = tables.get(META_KEY) as CatalogMeta | undefined;
    // An index that is not on this chain (the store was put back from a copy) is started afresh.
    if (at !== undefined && (await this.ledger.hashAt(at.seq)) !== at.hash) {
      throw new TablesDamaged('not on this chain');
    }
    let now = tables;
    let operations = 0;
    let entries = 0;
    for await (const { entry, hash } of this.ledger.walk(at)) {
      if (entries === 0) now = tables.fork();
      try {
        const fold = new EntryFold(now, entry);
        for await (const ops of this.#opsParts(entry)) {
          for (const op of ops) fold.apply(op);
          operations += ops.length;
          await cache.relieve(now);
          await yieldToEvents();
          signal?.throwIfAborted();
        }
        fold.finish(hash);
      } catch (e) {
        // An index that contradicts a sound ledger: a fold in memory will tell which of them is wrong.
        if (isHsError(e, 'LEDGER_BROKEN')) throw new TablesDamaged(e.message);
        throw e;
      }
      entries++;
      signal?.throwIfAborted();
    }
    if (entries > 0) now = await cache.advance(now, entries, operations);
    const meta = now.get(META_KEY) as CatalogMeta;
    return new Catalog(new IndexView(now, () => this.#foldNow(meta)));
  }

  /** Lets go of the index; catalogs handed out before are no longer valid. */
  async close(): Promise<void> {
    await this.objects.close();
    await this.#cache?.close();
    await this.#release();
  }
}
