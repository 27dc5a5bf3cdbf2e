import type { ObjectId } from '../../core/objects/ids.js';
import type { SafePath } from '../../core/paths/safe-path.js';

/** Up to here a file is read whole and written in one operation; a larger one is streamed. */
export const SMALL_BYTES = 1024 * 1024;

/** Bytes to be written: what they must hash to, and how many there are. */
export interface FilePayload {
  readonly type: 'file';
  /** Absent for bytes that are made on the way, such as a tar of members that are each verified. */
  readonly hash?: ObjectId;
  readonly size?: number;
  readonly executable?: boolean;
  /** Not to be trusted: what is written is hashed and compared. A chunk is valid until the next one. */
  stream(): AsyncIterable<Uint8Array>;
}

export interface PayloadEntry {
  readonly path: SafePath;
  readonly hash: ObjectId;
  readonly size: number;
  readonly executable: boolean;
  /** Not to be trusted: whoever passes it on compares it with `hash`. A chunk is valid until the next one. */
  stream(): AsyncIterable<Uint8Array>;
  /** The same at once, for what is small, and valid until the next one is read; saves the generator at 10,000 files. */
  read?(): Promise<Uint8Array>;
}

export interface DirectoryPayload {
  readonly type: 'directory';
  /** Sorted by path as a bundle index is (A3), so that each directory is entered once. */
  readonly entries: readonly PayloadEntry[];
}

export type PayloadSource = FilePayload | DirectoryPayload;
