import type { Disk } from '../../fsx/disk.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { Layout } from './layout.js';
import type { ObjectFiles } from './objects/object-files.js';
import type { PackLimits, PackWriter } from './objects/pack-writer.js';

/** Shared by the parts of a store on disk. */
export interface LocalParts {
  /** Accesses the store without following links. */
  readonly disk: Disk;
  readonly layout: Layout;
  readonly files: ObjectFiles;
  /** The same objects, verified when read. */
  readonly objects: ObjectStore;
  readonly limits: PackLimits;
  /** Whether packs are compressed, and large records of the ledger are in packs. */
  readonly compresses: boolean;
  /** A new path in tmp/ for a file staged under a lease and removed with it; `kind` is informational. */
  stagingPath(lease: string, kind?: 'pack' | 'probe'): string;
  /**
   * A new pack staged under a lease; `disk`: how it is written, if not as everything here; `mostBytes`: of content, if
   * it is to be smaller than packs may be.
   */
  newPack(lease: string, disk?: Disk, mostBytes?: number): PackWriter;
}
