import type { Environment, Random } from '../../core/effects.js';
import type { DoctorCheck } from '../../core/health-check.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import { checkFilesystem } from '../../fsx/check-filesystem.js';
import type { Disk, FileStat, RootedDisk } from '../../fsx/disk.js';
import type { IndexPort } from '../../fsx/sync-read-file.js';
import { ObjectStore } from '../objects/object-store.js';
import type { Backend } from '../port/backend.js';
import type { RepairableFinding } from '../port/finding.js';
import { type Format, hasFeature } from '../port/format.js';
import type { LocalSide } from '../port/local-side.js';
import type { ObjectBatch } from '../port/object-batch.js';
import { AnchorFile } from './anchor-file.js';
import { checkFiles } from './check/check-files.js';
import { checkStructure } from './check-structure.js';
import { CatalogCache } from './index/catalog-cache.js';
import { LocalIndex } from './index/local-index.js';
import { InventoryOfFiles } from './inventory-of-files.js';
import { Layout, ROOTING } from './layout.js';
import { LeaseFiles } from './leases.js';
import { LedgerFiles } from './ledger-files.js';
import type { LocalParts } from './local-parts.js';
import { BatchFiles } from './objects/batch-files.js';
import { ObjectFiles } from './objects/object-files.js';
import { PACK_LIMITS, type PackLimits, PackWriter } from './objects/pack-writer.js';
import { Packs } from './objects/packs.js';
import { PacksIndex } from './objects/packs-index.js';
import { readFormat } from './read-format.js';
import { StateDir } from './state-dir.js';
import { TrustFile } from './store-trust.js';
import { ReclaimFiles } from './trash/reclaim-files.js';
import { Trash } from './trash/trash.js';
import { tryOut } from './try-out.js';

/** What a store in a directory depends on. Without `index` (a simulated disk) the catalog is folded in memory. */
export interface LocalPorts {
  readonly disk: Disk;
  readonly random: Random;
  readonly env: Environment;
  readonly index?: IndexPort;
  /** Smaller than in a real store, for tests. */
  readonly packLimits?: PackLimits;
}

interface Opened {
  readonly disk: RootedDisk;
  readonly layout: Layout;
  readonly format: Format;
  readonly bytes: Uint8Array;
  readonly stat: FileStat;
}

/** A store in a directory on this machine (`man hsstore-format`). */
export class LocalBackend implements Backend {
  readonly format: Format;
  readonly formatBytes: Uint8Array;
  readonly ledger: LedgerFiles;
  readonly objects: ObjectFiles;
  readonly leases: LeaseFiles;
  readonly inventory: InventoryOfFiles;
  readonly reclaimer: ReclaimFiles;
  readonly index: LocalIndex | undefined;
  readonly local: LocalSide;
  readonly parts: LocalParts;
  readonly #disk: RootedDisk;
  readonly #trash: Trash;

  private constructor(
    { random, env, index, packLimits = PACK_LIMITS }: LocalPorts,
    { disk, layout, format, bytes, stat }: Opened,
  ) {
    this.#disk = disk;
    this.format = format;
    this.formatBytes = bytes;
    const state = new StateDir(disk, random, env);
    const packsIndex = new PacksIndex(disk, layout.packsIndex, packLimits.indexFrom);
    const packs = hasFeature(format, 'packs') ? new Packs(disk, layout.packs, packsIndex) : undefined;
    const files = new ObjectFiles(disk, layout, packs);
    const compresses = hasFeature(format, 'packs-2');
    let staged = 0;
    const stagingPath = (lease: string, kind?: string) =>
      `${layout.tmp}/${lease}-${kind ? `${kind}-` : ''}${staged++}`;
    this.parts = {
      disk,
      layout,
      files,
      objects: new ObjectStore(files),
      limits: packLimits,
      compresses,
      stagingPath,
      newPack: (lease, on = disk, mostBytes = packLimits.mostBytes) =>
        new PackWriter(on, stagingPath(lease, 'pack'), { ...packLimits, mostBytes }, this.parts.compresses),
    };
    this.ledger = new LedgerFiles(disk, layout);
    this.objects = files;
    this.leases = new LeaseFiles(disk, layout, random, {
      id: format.store_id,
      state,
      // In a store shared with a group, each file belongs to its creator.
      ...(hasFeature(format, 'shared') ? {} : { owner: stat.uid }),
    });
    this.inventory = new InventoryOfFiles(this.parts);
    this.#trash = new Trash(disk, layout, random);
    this.reclaimer = new ReclaimFiles(this.parts, this.#trash);
    if (index !== undefined) {
      const cache = new CatalogCache(disk, random, layout, format.store_id, state, index);
      this.index = new LocalIndex(cache, disk);
    }
    this.local = {
      workspace: layout.root.slice(0, layout.root.lastIndexOf('/')) || '/',
      directory: layout.root,
      trust: new TrustFile(state, format.store_id, layout.root, stat),
      anchor: new AnchorFile(disk, state, format.store_id),
      runs: { disk, pathOf: (lease) => `${layout.tmp}/${lease}-run` },
    };
  }

  /**
   * Opens the store at `root` (a `.hsstore` directory). Throws NO_STORE or UNKNOWN_FORMAT before anything is touched.
   */
  static async open(ports: LocalPorts, root: string): Promise<LocalBackend> {
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
      return new LocalBackend(ports, { disk, layout, format, bytes, stat });
    } catch (e) {
      await disk.release();
      throw e;
    }
  }

  batch(lease: string): ObjectBatch {
    return new BatchFiles(this.parts, lease);
  }

  checkStructure(): Promise<void> {
    return checkStructure(this.#disk, this.parts.layout);
  }

  check(): Promise<RepairableFinding[]> {
    return checkFiles({ parts: this.parts, format: this.format, leases: this.leases, trash: this.#trash });
  }

  examine(): Promise<DoctorCheck[]> {
    return checkFilesystem(this.#disk, this.parts.layout.root);
  }

  tryOut(lease: string): Promise<DoctorCheck[]> {
    return tryOut(this.parts, this.local.workspace, lease);
  }

  async close(): Promise<void> {
    try {
      await this.objects.close();
      await this.index?.close();
    } finally {
      await this.#disk.release();
    }
  }
}
