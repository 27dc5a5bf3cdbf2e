/** The media type of a directory. */
export const DIRECTORY_TYPE = 'inode/directory';

/** Magic numbers of formats that have one: offset and bytes. */
const SIGNATURES: ReadonlyArray<readonly [mime: string, offset: number, bytes: readonly number[]]> = [
  ['image/png', 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', 0, [0xff, 0xd8, 0xff]],
  ['image/gif', 0, [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', 8, [0x57, 0x45, 0x42, 0x50]],
  ['application/pdf', 0, [0x25, 0x50, 0x44, 0x46, 0x2d]],
  ['application/zip', 0, [0x50, 0x4b, 0x03, 0x04]],
  ['application/zip', 0, [0x50, 0x4b, 0x05, 0x06]],
  ['application/gzip', 0, [0x1f, 0x8b]],
  ['application/x-tar', 257, [0x75, 0x73, 0x74, 0x61, 0x72]],
  ['application/zstd', 0, [0x28, 0xb5, 0x2f, 0xfd]],
  ['application/x-xz', 0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['application/wasm', 0, [0x00, 0x61, 0x73, 0x6d]],
  ['application/vnd.sqlite3', 0, [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20, 0x66]],
];

/**
 * How files of these types start. Other files, such as text (`BM`), may start the same way, so a match does not prove
 * the type; only a mismatch disproves it.
 */
const BEGINNINGS: Readonly<Record<string, ReadonlyArray<readonly [offset: number, text: string]>>> = {
  'image/bmp': [[0, 'BM']],
  'image/tiff': [
    [0, 'II*\0'],
    [0, 'MM\0*'],
  ],
  'image/avif': [[4, 'ftyp']],
  'image/heic': [[4, 'ftyp']],
  'video/mp4': [[4, 'ftyp']],
  'audio/mp4': [[4, 'ftyp']],
  'video/webm': [[0, '\x1a\x45\xdf\xa3']],
  'audio/wav': [[8, 'WAVE']],
  'audio/ogg': [[0, 'OggS']],
  'video/ogg': [[0, 'OggS']],
  'font/woff': [[0, 'wOFF']],
  'font/woff2': [[0, 'wOF2']],
};

/** Formats that are text by definition, regardless of the top-level type. */
const TEXT = /^(?:text\/.+|application\/(?:json|xml|javascript|yaml|toml|sql)|.+\+(?:json|xml))$/;
const JSON_TYPE = /^(?:application\/json|.+\+json)$/;
const XML_TYPE = /^(?:application\/xml|text\/xml|.+\+xml)$/;
/** Formats that are always a zip, or a gzip, with specific content. */
const ALWAYS: Readonly<Record<string, RegExp>> = {
  'application/zip':
    /^application\/(?:java-archive|.+\+zip|vnd\.openxmlformats-officedocument\..+|vnd\.oasis\.opendocument\.(?:text|spreadsheet|presentation|graphics))$/,
  'application/gzip': /^application\/(?:x-gzip|x-tgz)$/,
};
/** Formats that may be a zip or a gzip inside. */
const CONTAINERS: Readonly<Record<string, RegExp>> = {
  'application/zip':
    /^application\/(?:zip|java-archive|epub\+zip|vnd\.(?:openxmlformats|oasis|android).*|.*\+zip)$/,
  'application/gzip': /^(?:application\/(?:gzip|x-gzip|x-tgz|x-compressed.*)|image\/svg\+xml)$/,
};

/** How much of the start of a payload is enough to judge it. */
export const HEAD_BYTES = 4096;

function has(head: Uint8Array, offset: number, bytes: readonly number[]): boolean {
  return bytes.every((b, i) => head[offset + i] === b);
}

function isUtf8(head: Uint8Array, whole: boolean): boolean {
  try {
    // The head may cut a character in two, which `stream` permits.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: !whole });
    return !head.includes(0);
  } catch {
    return false;
  }
}

/**
 * Why the start of a file contradicts its media type, or undefined (A10). Only a contradiction counts: a type without
 * a signature, and `application/octet-stream`, agree with anything.
 */
export function contradictsType(mime: string, head: Uint8Array, size: number): string | undefined {
  if (size === 0 || mime === 'application/octet-stream') return undefined;
  const whole = head.byteLength >= size;
  const found = SIGNATURES.find(([, offset, bytes]) => has(head, offset, bytes))?.[0];
  if (SIGNATURES.some(([known]) => known === mime)) {
    return found === mime ? undefined : `it does not begin like ${mime}`;
  }
  const beginnings = BEGINNINGS[mime];
  if (beginnings !== undefined) {
    const is = beginnings.some(([offset, text]) => has(head, offset, [...Buffer.from(text, 'latin1')]));
    return is ? undefined : `it does not begin like ${mime}`;
  }
  for (const [inside, types] of Object.entries(ALWAYS)) {
    if (types.test(mime) && found !== inside) return `it is not ${inside}, as ${mime} is`;
  }
  if (mime === DIRECTORY_TYPE) return `it is a file, not ${mime}`;
  if (found !== undefined && CONTAINERS[found]?.test(mime)) return undefined;
  if (TEXT.test(mime)) {
    if (found !== undefined) return `it is ${found}, not ${mime}`;
    if (!isUtf8(head, whole)) return `it is not text, as ${mime} is`;
    const first = new TextDecoder().decode(head).trimStart()[0];
    if (JSON_TYPE.test(mime) && first !== undefined && !/[[{"0-9tfn-]/.test(first)) return `it is not JSON`;
    if (XML_TYPE.test(mime) && first !== undefined && first !== '<') return `it is not XML`;
    return undefined;
  }
  return found === undefined || !/^(?:image|audio|video|font)\//.test(mime)
    ? undefined
    : `it is ${found}, not ${mime}`;
}
