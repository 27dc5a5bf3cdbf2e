import { brotliDecompressSync } from 'node:zlib';

/** The bytes of the objects of a pack, one after another, by the manual alone; undefined where it is not a pack. */
export function packContent(pack: Buffer): Buffer | undefined {
  const magic = pack.toString('latin1', Math.max(0, pack.length - 8));
  if (magic === 'hs-pack1')
    return pack.subarray(0, pack.length - 12 - 40 * pack.readUInt32BE(pack.length - 12));
  if (magic !== 'hs-pack2') return undefined;
  const blocks = pack.readUInt32BE(pack.length - 12);
  const table = pack.length - 16 - 8 * blocks;
  const parts: Buffer[] = [];
  for (let at = 0, n = 0; n < blocks; n++) {
    const [stored, size] = [0, 4].map((from) => pack.readUInt32BE(table + 8 * n + from)) as [number, number];
    const part = pack.subarray(at, at + stored);
    parts.push(stored === size ? part : brotliDecompressSync(part));
    at += stored;
  }
  return Buffer.concat(parts);
}
