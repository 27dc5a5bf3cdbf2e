import * as z from 'zod/mini';
import type { Head } from '../../core/catalog/catalog.js';
import { canonicalBytes, parseCanonical } from '../../core/json/canonical.js';
import { natural, objectId, uuid } from '../../core/json/schema.js';
import { escapeText } from '../../core/text/escape-control.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import type { AnchorStore } from '../port/local-side.js';
import type { StateDir } from './state-dir.js';

const schema = z.strictObject({ store_id: uuid, seq: natural, hash: objectId });
const MAX_ANCHOR_BYTES = 4096;

/** The anchor as a file in the user's state directory, named after the store. */
export class AnchorFile implements AnchorStore {
  readonly #disk: Disk;
  readonly #state: StateDir;
  readonly #storeId: string;

  constructor(disk: Disk, state: StateDir, storeId: string) {
    this.#disk = disk;
    this.#storeId = storeId;
    this.#state = state;
  }

  get path(): string | undefined {
    const { path } = this.#state;
    return path === undefined ? undefined : `${path}/${this.#storeId}`;
  }

  /** Undefined without a home. A power cut never leaves an unreadable one. */
  async look(): Promise<Head | 'lost' | undefined> {
    if (this.path === undefined) return undefined;
    const found = await this.#read(this.path);
    if (found !== 'absent') return found;
    // Another command may have written the first one meanwhile.
    if (!(await this.#isThere(this.path))) return undefined;
    const again = await this.#read(this.path);
    return again === 'absent' ? 'lost' : again;
  }

  /** `absent`: it cannot be opened, whether it is there or not. */
  async #read(path: string): Promise<Head | 'lost' | 'absent'> {
    try {
      const bytes = await this.#disk.readFile(path, MAX_ANCHOR_BYTES);
      const result = z.safeParse(schema, parseCanonical(bytes, MAX_ANCHOR_BYTES));
      if (!result.success || result.data.store_id !== this.#storeId) return 'lost';
      return { seq: result.data.seq, hash: result.data.hash };
    } catch (e) {
      if (isHsError(e, 'INVALID_RECORD')) return 'lost';
      if (!isErrno(e)) throw e;
      return 'absent';
    }
  }

  /** A directory this user may not search is not their anchor. */
  async #isThere(path: string): Promise<boolean> {
    try {
      return (await this.#disk.find(path)) !== undefined;
    } catch (e) {
      if (isErrno(e)) return false;
      throw e;
    }
  }

  get unkept(): string {
    const where =
      this.#state.path === undefined
        ? 'there is no home directory'
        : `'${escapeText(this.#state.path)}' cannot be written`;
    return `the anchor cannot be written, because ${where}: a rollback of the ledger will not be detected`;
  }

  isWritable(): Promise<boolean> {
    return this.#state.isWritable();
  }

  get lost(): string {
    return `the anchor '${escapeText(this.path ?? '')}' cannot be read: cannot tell whether the ledger was rolled back`;
  }

  async write(head: Head): Promise<boolean> {
    return this.#state.replace(this.#storeId, canonicalBytes({ store_id: this.#storeId, ...head }));
  }
}
