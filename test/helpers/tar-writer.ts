/** Writes tars as hostile as a test needs: every field can be wrong, and nothing is checked. */

export interface RawEntry {
  readonly name?: string | Buffer;
  /** The type byte: '0' file, '5' directory, '1' hard link, '2' link, 'x' PAX, 'L' long name, … */
  readonly type?: string;
  readonly body?: string | Buffer;
  /** The size to state, when it is not that of `body`; a Buffer is put in as it is. */
  readonly size?: number | Buffer;
  readonly mode?: number;
  readonly linkname?: string | Buffer;
  readonly prefix?: string | Buffer;
  readonly magic?: 'posix' | 'gnu' | 'v7';
  /** Bytes to put at offsets of the header, before its checksum is taken. */
  readonly patch?: Readonly<Record<number, string | Buffer>>;
  readonly checksum?: number;
  /** Fills up the last block, with NUL unless stated. */
  readonly padding?: number;
}

const MAGIC = { posix: 'ustar\x0000', gnu: 'ustar  \0', v7: '' };
const octal = (n: number, digits: number) => n.toString(8).padStart(digits, '0');
const bytes = (x: string | Buffer) => (typeof x === 'string' ? Buffer.from(x) : x);

export function header(entry: RawEntry): Buffer {
  const block = Buffer.alloc(512);
  const put = (at: number, value: string | Buffer) => bytes(value).copy(block, at);
  const { size = bytes(entry.body ?? '').length } = entry;
  put(0, bytes(entry.name ?? 'file').subarray(0, 100));
  put(100, octal(entry.mode ?? 0o644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, typeof size === 'number' ? octal(size, 11) : size);
  put(136, octal(0, 11));
  put(156, entry.type ?? '0');
  put(157, entry.linkname ?? '');
  put(257, MAGIC[entry.magic ?? 'posix']);
  put(345, entry.prefix ?? '');
  for (const [at, value] of Object.entries(entry.patch ?? {})) put(Number(at), value);
  block.fill(' ', 148, 156);
  const sum = entry.checksum ?? block.reduce((a, b) => a + b, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return block;
}

/** Header, body and padding of one entry. */
export function entry(raw: RawEntry): Buffer {
  const body = bytes(raw.body ?? '');
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512, raw.padding ?? 0);
  return Buffer.concat([header(raw), body, padding]);
}

/** The end marker. */
export const END = Buffer.alloc(1024);

/** An archive of these entries, with its end marker. */
export function tarball(...entries: ReadonlyArray<RawEntry | Buffer>): Buffer {
  return Buffer.concat([...entries.map((e) => (Buffer.isBuffer(e) ? e : entry(e))), END]);
}

export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest) + 1;
  while (String(length).length + Buffer.byteLength(rest) !== length) length++;
  return `${length}${rest}`;
}

/** A PAX extension header: its records as pairs, or its body as it is. */
export function pax(records: string | Buffer | ReadonlyArray<readonly [string, string]>, type = 'x'): Buffer {
  const body =
    typeof records === 'string' || Buffer.isBuffer(records)
      ? records
      : records.map((r) => paxRecord(...r)).join('');
  return entry({ name: 'PaxHeader', type, body });
}

/** A GNU long name header. */
export function longName(name: string | Buffer): Buffer {
  return entry({
    name: '././@LongLink',
    type: 'L',
    magic: 'gnu',
    body: Buffer.concat([bytes(name), Buffer.alloc(1)]),
  });
}

/** Size field in base 256, as GNU tar writes sizes from 8 GiB on. */
export function base256(size: bigint): Buffer {
  const field = Buffer.alloc(12);
  let rest = BigInt.asUintN(96, size);
  for (let i = 11; i >= 0; i--, rest >>= 8n) field[i] = Number(rest & 0xffn);
  field[0]! |= 0x80;
  return field;
}

/** The bytes as an async source in chunks of `chunk` bytes. */
export async function* chunks(data: Uint8Array, chunk = 65536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += chunk) yield data.subarray(at, at + chunk);
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}
