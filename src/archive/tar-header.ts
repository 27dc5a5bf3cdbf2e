import { hostile } from './archive-limits.js';

export const BLOCK = 512;

/** Offsets and lengths of a header's fields: POSIX.1-2017, pax, "ustar Interchange Format". */
const NAME = [0, 100] as const;
const MODE = [100, 8] as const;
const SIZE = [124, 12] as const;
/** Owner, group, time: unused, but another reader would stop at an invalid number. */
const UNUSED_NUMBERS = [
  [108, 8],
  [116, 8],
  [136, 12],
] as const;
const DEVICE = [329, 16] as const;
const CHECKSUM = [148, 8] as const;
const TYPE = 156;
const LINK_NAME = [157, 100] as const;
const MAGIC = [257, 8] as const;
const PREFIX = [345, 155] as const;
const REST = 500;

const POSIX_MAGIC = Buffer.from('ustar\x0000', 'latin1');
const GNU_MAGIC = Buffer.from('ustar  \x00', 'latin1');

export interface TarHeader {
  /**
   * The name in the header block itself. It must be valid only if no extension supplies another: GNU tar cuts a long
   * name at 100 bytes, even within a character.
   */
  readonly name: () => string;
  /** For messages. */
  readonly shown: string;
  /** Every other byte value is refused. */
  readonly type: 'file' | 'directory' | 'pax' | 'global-pax' | 'long-name';
  readonly size: number;
  readonly executable: boolean;
}

type Field = readonly [offset: number, length: number];
const field = (block: Buffer, [offset, length]: Field) => block.subarray(offset, offset + length);

const REFUSED_TYPES: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a FIFO',
  '7': 'a contiguous file',
  S: 'a sparse file',
  K: 'a link with a long target',
};

const TYPES: Readonly<Record<string, TarHeader['type']>> = {
  '0': 'file',
  '\0': 'file',
  '5': 'directory',
  x: 'pax',
  g: 'global-pax',
  L: 'long-name',
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strict UTF-8; `undefined` for invalid bytes, which `toString` would turn into U+FFFD. */
export function decodeUtf8OrUndefined(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Checks one header block that is not all zero, and returns the fields needed. */
export function decodeHeader(block: Buffer): TarHeader {
  const shown = field(block, NAME).toString('utf8').replace(/\0+$/, '');
  if (!checksumAgrees(block)) throw hostile('checksum', 'its header does not match its checksum', shown);
  const magic = field(block, MAGIC);
  const posix = magic.equals(POSIX_MAGIC);
  if (!posix && !magic.equals(GNU_MAGIC))
    throw hostile('header', 'its format is older than POSIX.1-1988', shown);
  // GNU stores times and its sparse map in the place of POSIX's prefix; neither is used here.
  if (!isZero(block.subarray(posix ? REST : PREFIX[0])))
    throw hostile('header', 'its header has unknown fields', shown);

  const typeByte = String.fromCharCode(block[TYPE]!);
  const type = TYPES[typeByte];
  if (type === undefined)
    throw hostile('type', `it is ${REFUSED_TYPES[typeByte] ?? 'of an unknown type'}`, shown);
  if (!isZero(field(block, LINK_NAME))) throw hostile('header', 'it names a link target', shown);

  const mode = octal(field(block, MODE));
  if (mode === undefined || !UNUSED_NUMBERS.every((at) => isNumber(field(block, at))))
    throw hostile('header', 'its header has a field that is not a number', shown);
  if (!/^[0 \0]*$/.test(field(block, DEVICE).toString('latin1')))
    throw hostile('header', 'its header names a device', shown);

  return {
    name: () => {
      const prefix = posix ? text(block, PREFIX, shown) : '';
      const name = text(block, NAME, shown);
      return prefix === '' ? name : `${prefix}/${name}`;
    },
    shown,
    type,
    size: sizeOf(block, shown),
    // Only the owner's execute bit: set-id bits and the rest of the mode are never taken over.
    executable: (mode & 0o100) !== 0,
  };
}

/** Whether a block can be a header at all, if a damaged one. */
export function looksLikeHeader(block: Buffer): boolean {
  return checksumAgrees(block) || field(block, MAGIC).subarray(0, 5).equals(POSIX_MAGIC.subarray(0, 5));
}

function text(block: Buffer, at: Field, shown: string): string {
  const bytes = field(block, at);
  const nul = bytes.indexOf(0);
  const end = nul === -1 ? bytes.length : nul;
  // One reader ignores what follows the first NUL, another takes it as part of the name.
  if (!isZero(bytes.subarray(end))) throw hostile('path', 'its name contains a NUL', shown);
  const decoded = decodeUtf8OrUndefined(bytes.subarray(0, end));
  if (decoded === undefined) throw hostile('path', 'its name is not UTF-8', shown);
  return decoded;
}

function octal(bytes: Buffer): number | undefined {
  const digits = /^ *([0-7]+)[ \0]*$/.exec(bytes.toString('latin1'))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

/** Octal, or base 256 (GNU): bit 7 set, then a signed number in the other bits. */
function isNumber(bytes: Buffer): boolean {
  return bytes[0] === 0x80 || bytes[0] === 0xff || octal(bytes) !== undefined;
}

function sizeOf(block: Buffer, shown: string): number {
  const bytes = field(block, SIZE);
  if (bytes[0]! < 0x80) {
    const size = octal(bytes);
    if (size === undefined) throw hostile('size', 'its size is not a number', shown);
    return size;
  }
  // Base 256, for 8 GiB and more; bit 6 is the sign.
  if (bytes[0] !== 0x80)
    throw hostile('size', bytes[0]! >= 0xc0 ? 'its size is negative' : 'it is too large', shown);
  const size = bytes.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
  if (!Number.isSafeInteger(size)) throw hostile('size', 'it is too large', shown);
  return size;
}

function checksumAgrees(block: Buffer): boolean {
  const [offset, length] = CHECKSUM;
  let sum = length * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < offset || i >= offset + length) sum += block[i]!;
  return octal(field(block, CHECKSUM)) === sum;
}

const ZEROS = Buffer.alloc(64 * 1024);

export function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (!part.equals(ZEROS.subarray(0, part.length))) return false;
  }
  return true;
}
