import { shortText } from '../core/text/escape-control.js';
import { HsError } from '../errors/hs-error.js';

/** Limits on what an archive may contain; each bounds memory, time or disk. */
export interface ArchiveLimits {
  /** Bytes of the uncompressed archive, headers and padding included. */
  readonly maxBytes: number;
  /** Bytes of one file. */
  readonly maxFileBytes: number;
  /** Number of files, directories and implied directories. */
  readonly maxEntries: number;
  /** Bytes of all names together; they are held in memory to find duplicates and collisions. */
  readonly maxNameBytes: number;
  /** Bytes of one extension header (PAX, GNU long name). */
  readonly maxHeaderBytes: number;
  /** Maximum compression ratio of the archive, beyond {@link ratioFreeBytes}. */
  readonly maxRatio: number;
  /** Uncompressed bytes exempt from the ratio: real files of zeros approach 1032, the maximum of deflate. */
  readonly ratioFreeBytes: number;
  /** Accepts names that are only unportable (backslash, reserved, bidi, colliding) instead of refusing them. */
  readonly nonPortable: boolean;
}

const MiB = 1024 * 1024;

export const DEFAULT_LIMITS: ArchiveLimits = {
  maxBytes: 16 * 1024 * MiB,
  maxFileBytes: 16 * 1024 * MiB,
  maxEntries: 200_000,
  maxNameBytes: 32 * MiB,
  maxHeaderBytes: 64 * 1024,
  maxRatio: 250,
  ratioFreeBytes: 1024 * MiB,
  nonPortable: false,
};

/** Why an archive was refused; `details.rule` of the error. */
export type ArchiveRule =
  | 'not-a-tar'
  | 'truncated'
  | 'no-end-marker'
  | 'trailing-bytes'
  | 'checksum'
  | 'header'
  | 'type'
  | 'path'
  | 'not-portable'
  | 'duplicate'
  | 'file-is-directory'
  | 'pax'
  | 'size'
  | 'padding'
  | 'limit'
  | 'compression';

/** The error (HOSTILE_INPUT) for an archive as a whole, or with `entry`, its raw name, for one entry. */
export function hostile(rule: ArchiveRule, why: string, entry?: string): HsError {
  const hint = HINTS[rule] ?? 'get the bundle from its source again';
  if (entry === undefined)
    return new HsError('HOSTILE_INPUT', `archive is refused: ${why}`, { hint, details: { rule } });
  const shown = shortText(entry);
  return new HsError('HOSTILE_INPUT', `archive entry '${shown}' is refused: ${why}`, {
    hint,
    details: { rule, entry: shown },
  });
}

const HINTS: Partial<Record<ArchiveRule, string>> = {
  'not-a-tar': 'a bundle is a directory, a tar or a tar.gz, as hs export writes it',
  type: 'only regular files and directories are accepted; create the archive without anything else',
  path: "create the archive with relative names without '.' or '..', for example: tar -cf FILE -- *",
  'not-portable': '--non-portable accepts it',
  truncated: 'the file is truncated; copy it again',
  'no-end-marker': 'the file is truncated; copy it again',
};
