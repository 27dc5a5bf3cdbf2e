import type { ExportTarget } from '../../core/guard/target-kinds.js';
import type { ExportFormat } from '../../core/ledger/export-formats.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { PayloadEntry } from '../payload/payload-source.js';

/** Where to write. Paths are absolute. */
export type ExportPlace =
  | { readonly kind: 'default' }
  /** The exact path to create. */
  | { readonly kind: 'path'; readonly path: string }
  /** Below a directory, under the artifact's name, else its filename hint, else its id. */
  | { readonly kind: 'into'; readonly directory: string }
  /** `write` returns false once nobody reads any more. */
  | { readonly kind: 'stdout'; write(bytes: Uint8Array): Promise<boolean> };

export interface ExportRequest {
  /** The artifact, as a user names it. */
  readonly artifact: string;
  readonly place: ExportPlace;
  /** Default: `dir` for a directory, `file` for a file; with `byEnding`, from the ending of the destination. */
  readonly format?: ExportFormat;
  /** Export a directory to .tar, .tar.gz or .tgz as that archive format; USAGE for the ending of another archive. */
  readonly byEnding?: boolean;
  readonly force?: boolean;
  readonly discardExisting?: boolean;
  readonly withManifest?: boolean;
  /** Content hashes of restricted content that is allowed to leave anyway (B6). */
  readonly consents?: readonly ObjectId[];
  /** The target of the bytes; by default a local file. High content never goes to a public target. */
  readonly target?: ExportTarget;
  /** A reference to the view in which the export was approved, for the record (B7). */
  readonly displayProjectionRef?: string;
  /** Modification times inside a tar, in seconds since 1970, to 2147483647 (`SOURCE_DATE_EPOCH`); default 1980-01-01. */
  readonly mtime?: number;
  /** Decide and check only; write and record nothing (D5). */
  readonly dryRun?: boolean;
}

/** The archive format that the name of a destination implies for a directory. */
export function formatOfEnding(path: string): 'tar' | 'tar.gz' | undefined {
  const ending = /\.(tar|tar\.gz|tgz)$/i.exec(path)?.[1]?.toLowerCase();
  return ending === 'tgz' ? 'tar.gz' : (ending as 'tar' | 'tar.gz' | undefined);
}

/** The ending of a destination that names an archive hs does not write. */
export function foreignEnding(path: string): string | undefined {
  return /\.(?:zip|7z|rar|tar\.(?:bz2|lz|lz4|lzma|xz|z|zst)|tbz2?|txz|tzst)$/i.exec(path)?.[0];
}

/** The form of the output, decided from the request and the artifact. */
export interface Shape {
  readonly format: ExportFormat;
  /** A single file, a tree of `entries`, or an archive or a layout of them. */
  readonly entries: readonly PayloadEntry[];
  /** The files that are written, or that the archive holds. */
  written(): Promise<readonly PayloadEntry[]>;
}
