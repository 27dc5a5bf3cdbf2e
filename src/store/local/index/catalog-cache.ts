import { TablesDamaged } from '../../../core/catalog/key-tables.js';
import type { Random } from '../../../core/effects.js';
import { hmacSha256 } from '../../../core/objects/hash.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import type { IndexPort } from '../../../fsx/sync-read-file.js';
import type { Layout } from '../layout.js';
import type { StateDir } from '../state-dir.js';
import { LayeredTables } from './layered-tables.js';
import { decodeRoot, MAX_ROOT_BYTES } from './root-file.js';
import { Run } from './sorted-run.js';
import { ROOT, spillLayer, writeLayer } from './write-layer.js';

/** A collection needs a few KiB for its lease, its report and its entry before it frees any. */
const LEAST_FREE_BYTES = 1024 * 1024;
/** What each command folds anew until it is written: to read eight entries takes as long as to write. */
const MOST_ENTRIES = 8;
const MOST_OPERATIONS = 512;
/** Rows that are folded in memory: of some 7,000 artifacts, which the garbage collector copies while they are young. */
const MOST_ROWS = 40_000;
/** Views hold the runs that they were made of; those of the last few calls are valid. */
const MOST_RETIRED = 32;
/** Of other users of the store, or of a home that has gone. */
const OTHERS_KEPT = 3;

const INDEX = /^catalog(?:-[0-9a-f]{16})?$/;
const FILE =
  /^(?:lock|reserve|root|root\.[0-9a-f]{16}|run-[0-9a-f]{16}|(?:data|lock)\.mdb|stamp\.json(?:\.[0-9a-f]+)?)$/;
const LEFTOVER = /^(?:new|discarded)-[0-9a-f]{16}$/;

/** Whether a name in cache/ is of an index, whosever. */
export const isIndexName = (name: string) => INDEX.test(name);
/** Whether a name in an index is of a file of it. */
export const isIndexFile = (name: string) => FILE.test(name);
/** Whether a name in cache/ is of an index that a command which died was making or throwing away. */
export const isIndexLeftover = (name: string) => LEFTOVER.test(name);

/**
 * The catalog index on disk: derived, shared by this user's processes, and believed only as far as it proves
 * itself. Its root is sealed with a key of the user's state directory and names the hashes of all the rest.
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
  /** The root that the tables are of. */
  #root: Uint8Array | undefined;
  /** Folded since, and not on disk. */
  #pending = { entries: 0, operations: 0 };
  #unavailable = false;
  #discarded = false;
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

  /** One for each key: that of another user proves nothing to this one, and is theirs. */
  get #name(): string {
    return `catalog-${hmacSha256(this.#key!, 'hs index\n').slice(0, 16)}`;
  }
  get #dir(): string {
    return `${this.#layout.cache}/${this.#name}`;
  }

  /** Whether it met damage and was thrown away. */
  get isDiscarded(): boolean {
    return this.#discarded;
  }

  /** Where the index is; undefined where there can be none. */
  get place(): string | undefined {
    return this.#key === undefined ? undefined : this.#dir;
  }

  /** What is folded so far, never to be changed; undefined where it cannot be kept: then the ledger is folded. */
  async tables(): Promise<LayeredTables | undefined> {
    if (this.#unavailable) return undefined;
    if (this.#tables !== undefined) return this.#tables;
    try {
      if (await this.isShort()) this.giveUp();
      else this.#key ??= await this.#state.secret(true);
      if (this.#unavailable || this.#key === undefined) return undefined;
      this.#tables = await this.#load();
      return this.#tables;
    } catch (e) {
      // A cache that is a link is damage, and no reason to fail: it is done without, and fsck tells of it.
      if (isErrno(e) || isHsError(e, 'INTEGRITY')) return undefined;
      throw e;
    }
  }

  async #readRoot(): Promise<Uint8Array | undefined> {
    try {
      return await this.#disk.readFile(`${this.#dir}/${ROOT}`, MAX_ROOT_BYTES);
    } catch (e) {
      if (isErrno(e, 'ENOENT')) return undefined;
      if (isErrno(e, 'EFBIG', 'EINVAL', 'ELOOP')) throw new TablesDamaged('its root is no file of ours');
      throw e;
    }
  }

  async #load(): Promise<LayeredTables> {
    for (let tries = 0; tries < 3; tries++) {
      try {
        const root = await this.#readRoot();
        if (root === undefined) break;
        const facts = decodeRoot(this.#key!, this.#storeId, root);
        if (facts === undefined) throw new TablesDamaged('its root has not the seal of this user');
        const runs = facts.map((fact) => this.#run(fact.name, () => this.#openRun(fact)));
        this.#root = root;
        return new LayeredTables(runs);
      } catch (e) {
        // Another process may just have put runs together, and taken away those that it read.
        if (!(e instanceof TablesDamaged)) throw e;
        if (tries === 2) {
          this.#discarded = true;
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
   * Lets tables that are being folded go on in a file where they hold much in memory. Where it cannot be
   * written, they hold it all.
   */
  async relieve(tables: LayeredTables): Promise<void> {
    if (tables.changes < MOST_ROWS || !this.#writes || this.#unavailable) return;
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
   * Takes what was folded on top of {@link tables}, and writes it down where it has become much. Returns
   * tables of the same rows. Not being able to write costs the next command the time to fold it again.
   */
  async advance(tables: LayeredTables, entries: number, operations: number): Promise<LayeredTables> {
    this.#tables = tables;
    this.#pending.entries += entries;
    this.#pending.operations += operations;
    const isMuch = this.#pending.entries >= MOST_ENTRIES || this.#pending.operations >= MOST_OPERATIONS;
    if (!this.#writes || this.#unavailable || !(isMuch || this.#root === undefined)) return tables;
    try {
      const written = await writeLayer(
        { disk: this.#disk, random: this.#random, dir: this.#dir, key: this.#key!, storeId: this.#storeId },
        tables,
        this.#root,
      );
      this.#pending = { entries: 0, operations: 0 };
      if (written === undefined) {
        // Another process was first: what it wrote is read by the next call.
        this.#tables = undefined;
        return tables;
      }
      const runs = written.facts.map((fact) => this.#run(fact.name, () => this.#openRun(fact)));
      for (const run of tables.runs) if (!runs.includes(run)) this.#retire(run);
      this.#tables = new LayeredTables(runs);
      if (this.#root === undefined) await this.#tidy();
      this.#root = written.root;
      return this.#tables;
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

  /** Takes away what commands that died left, and indexes that nobody has used for the longest time. */
  async #tidy(): Promise<void> {
    const others: { readonly path: string; readonly mtimeNs: bigint }[] = [];
    for (const { name } of await this.#disk.readdir(this.#layout.cache)) {
      if (name === undefined || name === this.#name) continue;
      const path = `${this.#layout.cache}/${name}`;
      // One of an earlier version has no key in its name.
      if (isIndexLeftover(name) || name === 'catalog') await this.#disk.removeTree(path);
      else if (isIndexName(name)) others.push({ path, mtimeNs: (await this.#disk.lstat(path)).mtimeNs });
    }
    others.sort((a, b) => (a.mtimeNs > b.mtimeNs ? -1 : 1));
    for (const { path } of others.slice(OTHERS_KEPT)) await this.#disk.removeTree(path);
  }

  /** Whether there is hardly room left. */
  async isShort(): Promise<boolean> {
    return (await this.#disk.space(this.#layout.root)).freeBytes < LEAST_FREE_BYTES;
  }

  /** Does without the index from now on; its runs stay open for the views that are in use. */
  giveUp(): void {
    this.#unavailable = true;
  }

  /** Moves the directory away in one step first, since another process may be opening it. */
  async #remove(): Promise<void> {
    const away = `${this.#layout.cache}/discarded-${this.#random.hex(8)}`;
    try {
      await this.#disk.rename(this.#dir, away);
    } catch (e) {
      if (isErrno(e, 'ENOENT')) return;
      throw e;
    }
    await this.#disk.removeTree(away);
  }

  /** Throws the index away: this process does without from now on, and the next one makes it anew. */
  async discard(): Promise<void> {
    this.giveUp();
    this.#discarded = true;
    this.#key ??= await this.#state.secret(false);
    if (this.#key === undefined) return;
    this.#removal ??= this.#remove().catch((e) => {
      // It is met again, and thrown away again, by the next process.
      if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
    });
    await this.#removal;
  }

  /** Removes the index before it is read; where it cannot be removed, it is not read either. */
  async forget(): Promise<void> {
    this.#key ??= await this.#state.secret(false);
    if (this.#key === undefined) return;
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
