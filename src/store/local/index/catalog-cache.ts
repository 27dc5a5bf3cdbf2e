import { TablesClosed, TablesDamaged } from '../../../core/catalog/key-tables.js';
import type { Random } from '../../../core/effects.js';
import { hmacSha256 } from '../../../core/objects/hash.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import type { IndexPort } from '../../../fsx/sync-read-file.js';
import type { Layout } from '../layout.js';
import type { StateDir } from '../state-dir.js';
import { isIndexLeftover, isIndexName } from './index-names.js';
import { LayeredTables } from './layered-tables.js';
import { decodeRoot, INDEX_FORMAT, MAX_ROOT_BYTES } from './root-file.js';
import { Run } from './sorted-run.js';
import { ROOT, spillLayer, writeLayer } from './write-layer.js';

/** A collection needs a few KiB for its lease, report and entry before it frees anything. */
const LEAST_FREE_BYTES = 1024 * 1024;
/** Entries that commands fold again before the index is written: reading eight takes as long as writing once. */
const MOST_ENTRIES = 8;
const MOST_OPERATIONS = 512;
/** Rows folded in memory, of some 2,500 artifacts: with more, they lie further apart and a fold takes longer. */
const MOST_ROWS = 16_384;
/** Of their lines, as an entry may change few again and again. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Replaced runs stay open for the views of the last few calls, which read them. */
const MOST_RETIRED = 32;
/** Indexes kept of other users and versions, or of home directories that no longer exist. */
const OTHERS_KEPT = 3;

/** What says nothing of the bytes. */
const OUT_OF_REACH = ['EMFILE', 'ENFILE', 'ENOMEM', 'EACCES', 'EPERM'];

/**
 * The catalog index on disk: derived, shared by this user's processes, and trusted only as far as it can be verified.
 * Its root is sealed with a key in the user's state directory and contains the hashes of everything else.
 */
export class CatalogCache {
  readonly #disk: Disk;
  readonly #random: Random;
  readonly #layout: Layout;
  readonly #storeId: string;
  readonly #state: Pick<StateDir, 'secret'>;
  readonly #port: IndexPort;
  #key: string | undefined;
  #tables: LayeredTables | undefined;
  /** The root that the tables were loaded from. */
  #root: Uint8Array | undefined;
  /** Folded since then and not on disk. */
  #pending = { entries: 0, operations: 0 };
  #unavailable = false;
  #damage: TablesDamaged | undefined;
  #writes = true;
  #removal: Promise<void> | undefined;
  readonly #open = new Map<string, Run>();
  readonly #retired: Run[] = [];
  readonly #spilled: Run[] = [];

  constructor(
    disk: Disk,
    random: Random,
    layout: Layout,
    storeId: string,
    state: Pick<StateDir, 'secret'>,
    port: IndexPort,
  ) {
    this.#disk = disk;
    this.#random = random;
    this.#layout = layout;
    this.#storeId = storeId;
    this.#state = state;
    this.#port = port;
  }

  /** One per key and format: another user's index proves nothing to this user, and another version reads its own. */
  get #name(): string {
    return `catalog-${hmacSha256(this.#key!, `hs index/${INDEX_FORMAT}\n`).slice(0, 16)}`;
  }
  get #dir(): string {
    return `${this.#layout.cache}/${this.#name}`;
  }

  /** Why it was discarded, if it was damaged, and not only out of reach of this process. */
  get damage(): TablesDamaged | undefined {
    return isErrno(this.#damage?.cause, ...OUT_OF_REACH) ? undefined : this.#damage;
  }

  /** Location of the index; undefined if there can be none. */
  get place(): string | undefined {
    return this.#key === undefined ? undefined : this.#dir;
  }

  /** The state folded so far, immutable; undefined if it cannot be kept, and the ledger is folded instead. */
  async tables(): Promise<LayeredTables | undefined> {
    if (this.#unavailable) return undefined;
    if (this.#tables !== undefined) return this.#tables;
    try {
      if (await this.isShort()) this.giveUp();
      else await this.#findKey(true);
      if (this.#unavailable || this.#key === undefined) return undefined;
      this.#tables = await this.#load();
      return this.#tables;
    } catch (e) {
      // A cache that is a link is damage but no reason to fail: work without it; fsck reports it.
      if (isErrno(e) || isHsError(e, 'INTEGRITY')) return undefined;
      throw e;
    }
  }

  async #findKey(make: boolean): Promise<string | undefined> {
    const key = this.#key ?? (await this.#state.secret(make));
    // Not before: another call may have found it meanwhile.
    this.#key ??= key;
    return this.#key;
  }

  async #readRoot(): Promise<Uint8Array | undefined> {
    try {
      return await this.#disk.readFile(`${this.#dir}/${ROOT}`, MAX_ROOT_BYTES);
    } catch (e) {
      if (isErrno(e, 'ENOENT')) return undefined;
      if (isErrno(e, 'ETOOLARGE', 'EINVAL', 'ELOOP'))
        throw new TablesDamaged('its root is not a regular file');
      throw e;
    }
  }

  async #load(): Promise<LayeredTables> {
    for (let tries = 0; tries < 3; tries++) {
      try {
        const root = await this.#readRoot();
        if (root === undefined) break;
        const facts = decodeRoot(this.#key!, this.#storeId, root);
        if (facts === undefined) throw new TablesDamaged('its root lacks the seal of this user');
        const runs = facts.map((fact) => this.#run(fact.name, () => this.#openRun(fact)));
        // Another process may have replaced them.
        for (const run of this.#open.values()) if (!runs.includes(run)) this.#retire(run);
        this.#root = root;
        return new LayeredTables(runs);
      } catch (e) {
        // Another process may just have merged and deleted runs that were being opened.
        if (!(e instanceof TablesDamaged)) throw e;
        if (tries === 2) {
          this.#damage = e;
          await this.#remove();
        }
      }
    }
    this.#root = undefined;
    return new LayeredTables([]);
  }

  #openRun(fact: Parameters<typeof Run.open>[3]): Run {
    return Run.open(this.#port, this.#layout.root, `cache/${this.#name}/${fact.name}`, fact);
  }

  #run(name: string, open: () => Run): Run {
    const run = this.#open.get(name) ?? open();
    this.#open.set(name, run);
    return run;
  }

  /**
   * Moves the changes of tables that are being folded into a file if there are many. If it cannot be written, they stay
   * in memory.
   */
  async relieve(tables: LayeredTables): Promise<void> {
    const { rows, bytes } = tables.changes;
    if ((rows < MOST_ROWS && bytes < MOST_BYTES) || !this.#writes || this.#unavailable) return;
    const name = `new-${this.#random.hex(8)}`;
    try {
      const run = await spillLayer(
        { disk: this.#disk, dir: `${this.#layout.cache}/${name}` },
        tables,
        (fact) => Run.open(this.#port, this.#layout.root, `cache/${name}/${fact.name}`, fact),
      );
      this.#spilled.push(run);
      tables.spilled(run);
    } catch (e) {
      if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
      this.#writes = false;
    }
  }

  /**
   * Accepts what was folded on top of {@link tables}, and saves it once it is enough. Returns tables with the same
   * rows. If it cannot be saved, the next command folds it again.
   */
  async advance(tables: LayeredTables, entries: number, operations: number): Promise<LayeredTables> {
    this.#tables = tables;
    this.#pending.entries += entries;
    this.#pending.operations += operations;
    const isMuch = this.#pending.entries >= MOST_ENTRIES || this.#pending.operations >= MOST_OPERATIONS;
    if (!this.#writes || this.#unavailable || !(isMuch || this.#root === undefined)) return tables;
    try {
      const written = await writeLayer(
        {
          disk: this.#disk,
          random: this.#random,
          dir: this.#dir,
          key: this.#key!,
          storeId: this.#storeId,
          port: this.#port,
          tidy: () => this.#tidy(),
        },
        tables,
        this.#root,
      );
      this.#pending = { entries: 0, operations: 0 };
      if (written === undefined) {
        // Another process was faster: the next call reads what it wrote.
        this.#tables = undefined;
        return tables;
      }
      const runs = written.facts.map((fact) => this.#run(fact.name, () => this.#openRun(fact)));
      for (const run of tables.runs) if (!runs.includes(run)) this.#retire(run);
      const saved = new LayeredTables(runs);
      const isFirst = this.#root === undefined;
      // Together, and before anything is waited for: other calls of this program go on meanwhile.
      this.#tables = saved;
      this.#root = written.root;
      if (isFirst) await this.#tidy();
      return saved;
    } catch (e) {
      if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
      this.#writes = false;
      return tables;
    }
  }

  #retire(run: Run): void {
    this.#open.delete(run.fact.name);
    this.#retired.push(run);
    if (this.#retired.length > MOST_RETIRED) this.#retired.shift()!.close();
  }

  /** Deletes leftovers of dead commands, and the least recently used indexes. */
  async #tidy(): Promise<void> {
    const others: { readonly path: string; readonly mtimeNs: bigint }[] = [];
    for (const { name } of await this.#disk.readdir(this.#layout.cache)) {
      if (name === undefined || name === this.#name) continue;
      const path = `${this.#layout.cache}/${name}`;
      // The index of an earlier version has no key in its name.
      if (isIndexLeftover(name) || name === 'catalog') await this.#removeForGood(path);
      else if (isIndexName(name)) others.push({ path, mtimeNs: (await this.#disk.lstat(path)).mtimeNs });
    }
    others.sort((a, b) => (a.mtimeNs > b.mtimeNs ? -1 : 1));
    for (const { path } of others.slice(OTHERS_KEPT)) await this.#disk.removeTree(path);
  }

  /** Whether the disk is almost full. */
  async isShort(): Promise<boolean> {
    return (await this.#disk.space(this.#layout.root)).freeBytes < LEAST_FREE_BYTES;
  }

  /** Stops using the index; its runs stay open for existing views. */
  giveUp(): void {
    this.#unavailable = true;
  }

  /** Renames the directory first, in one step, since another process may be opening it. */
  async #remove(): Promise<void> {
    const away = `${this.#layout.cache}/discarded-${this.#random.hex(8)}`;
    try {
      await this.#disk.rename(this.#dir, away);
    } catch (e) {
      if (isErrno(e, 'ENOENT')) return;
      throw e;
    }
    await this.#removeForGood(away);
  }

  /** A power cut must not bring it back beside an index that is there: nobody would look for it again. */
  async #removeForGood(path: string): Promise<void> {
    await this.#disk.removeTree(path);
    await this.#disk.syncDir(this.#layout.cache);
  }

  /** Discards the index: this process works without it, and the next one rebuilds it. */
  async discard(damage?: TablesDamaged): Promise<void> {
    this.giveUp();
    if (!(damage instanceof TablesClosed)) this.#damage ??= damage;
    if ((await this.#findKey(false)) === undefined) return;
    this.#removal ??= this.#remove().catch((e) => {
      // The next process will find the damage again, and discard it.
      if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
    });
    await this.#removal;
  }

  /** Deletes the index, to be built anew; if that fails, it is not read either. */
  async forget(): Promise<void> {
    await this.#removal;
    this.#removal = undefined;
    this.#unavailable = false;
    this.#damage = undefined;
    for (const run of this.#tables?.runs ?? []) this.#retire(run);
    this.#tables = undefined;
    this.#pending = { entries: 0, operations: 0 };
    if ((await this.#findKey(false)) === undefined) return;
    try {
      await this.#remove();
    } catch (e) {
      if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
      this.giveUp();
    }
  }

  async close(): Promise<void> {
    await this.#removal;
    for (const run of [...this.#open.values(), ...this.#retired.splice(0), ...this.#spilled.splice(0)])
      run.close();
    this.#open.clear();
    this.#tables = undefined;
  }
}
