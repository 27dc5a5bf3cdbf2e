const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text of XML without its entities; S3 answers have no other markup in values. */
function plain(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? all;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

/** The text of the first element of this name. */
export function element(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(xml)?.[1];
  return found === undefined ? undefined : plain(found);
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

/** Undefined: it is no listing. */
export function parseListing(xml: string): ListedPage | undefined {
  if (!xml.includes('<ListBucketResult')) return undefined;
  const keys: ListedKey[] = [];
  for (const [, content] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
    const key = element(content!, 'Key');
    if (key !== undefined) {
      keys.push({ key, size: Number(element(content!, 'Size')), etag: element(content!, 'ETag') ?? '' });
    }
  }
  return { keys, next: element(xml, 'NextContinuationToken') };
}
