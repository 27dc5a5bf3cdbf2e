const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text of XML without its entities; S3 answers have no other markup in values. */
function plain(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? all;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

/** What lies between two texts, from a position on; `undefined` when either is not there. In time that grows with the text. */
function between(
  xml: string,
  from: number,
  open: string,
  close: string,
): [text: string, end: number] | undefined {
  const begin = xml.indexOf(open, from);
  const end = begin < 0 ? -1 : xml.indexOf(close, begin + open.length);
  return end < 0 ? undefined : [xml.slice(begin + open.length, end), end + close.length];
}

/** The text of the first element of this name, which has no other elements in it. */
export function element(xml: string, name: string): string | undefined {
  const [text] = between(xml, 0, `<${name}>`, `</${name}>`) ?? [];
  return text === undefined || text.includes('<') ? undefined : plain(text);
}

export interface ListedKey {
  readonly key: string;
  /** Size in bytes. */
  readonly size: number;
  /** In quotes; mostly the MD5 of the bytes. */
  readonly etag: string;
}

export interface ListedPage {
  readonly keys: readonly ListedKey[];
  /** The token of the next page, if there is one. */
  readonly next: string | undefined;
}

/** More than 1,000 keys of 1,024 bytes take, each written as an entity. */
const MAX_LISTING_CHARS = 16 * 1024 * 1024;

/** Undefined: it is no listing that S3 would send. */
export function parseListing(xml: string): ListedPage | undefined {
  if (xml.length > MAX_LISTING_CHARS || !xml.includes('<ListBucketResult')) return undefined;
  const keys: ListedKey[] = [];
  let at = 0;
  for (;;) {
    const found = between(xml, at, '<Contents>', '</Contents>');
    if (found === undefined) break;
    const [content, end] = found;
    const key = element(content, 'Key');
    const size = element(content, 'Size') ?? '';
    if (key === undefined || !/^\d{1,15}$/.test(size)) return undefined;
    keys.push({ key, size: Number(size), etag: element(content, 'ETag') ?? '' });
    at = end;
  }
  if (xml.includes('<Contents>', at)) return undefined;
  const next = element(xml, 'NextContinuationToken') || undefined;
  if (next === undefined && element(xml, 'IsTruncated') === 'true') return undefined;
  return { keys, next };
}
