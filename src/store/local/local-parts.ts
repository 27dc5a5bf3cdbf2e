import type { Disk } from '../../fsx/disk.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { Layout } from './layout.js';
import type { ObjectFiles } from './objects/object-files.js';
import type { PackLimits } from './objects/pack-writer.js';

/** What the parts of a store on a disk share. */
export interface LocalParts {
  /** Reaches the store without following a link, wherever the path leads. */
  readonly disk: Disk;
  readonly layout: Layout;
  readonly files: ObjectFiles;
  /** The same objects, verified as they are read. */
  readonly objects: ObjectStore;
  readonly limits: PackLimits;
  /** A new path in tmp/ for what is staged under a lease, and goes with it; `kind` is for people who look there. */
  stagingPath(lease: string, kind?: 'pack' | 'probe'): string;
}
