import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readArchive } from '../../src/archive/read-archive.js';
import { PackIndex, packIndexBytes } from '../../src/core/objects/pack-index.js';
import { PACK_TRAILER_BYTES } from '../../src/core/objects/pack-shape.js';
import { packContent } from '../helpers/pack-content.js';

const MOST_BYTES = 64 * 1024;

/** The objects in a pack. */
function unpacked(pack: Buffer): Buffer[] {
  const length = packIndexBytes(pack.subarray(-PACK_TRAILER_BYTES))!;
  const index = new PackIndex(pack.subarray(-length), pack.length - length);
  const content = packContent(pack)!;
  return [...index.entries()].map(({ offset, size }) => content.subarray(offset, offset + size));
}

/** Everything that lies in the stores of fixtures/, and the vectors: what readers are meant for. */
export async function fixtureInputs(root: string): Promise<Buffer[]> {
  const inputs: Buffer[] = [];
  const stores = join(root, 'fixtures/format-1');
  for (const name of readdirSync(stores).sort()) {
    if (!name.endsWith('.tar.gz')) continue;
    for await (const entry of readArchive(createReadStream(join(stores, name)))) {
      const parts: Uint8Array[] = [];
      for await (const part of entry.content) parts.push(part);
      const bytes = Buffer.concat(parts);
      const all = entry.path.endsWith('.pack') ? [bytes, ...unpacked(bytes)] : [bytes];
      inputs.push(...all.filter(({ length }) => length > 0 && length <= MOST_BYTES));
    }
  }
  const vectors = join(root, 'fixtures/vectors');
  for (const name of readdirSync(vectors).sort()) {
    const found = JSON.parse(readFileSync(join(vectors, name), 'utf8')) as
      | { text?: string }
      | { text: string }[];
    for (const { text } of Array.isArray(found) ? found : [found]) {
      if (text !== undefined) inputs.push(Buffer.from(text));
    }
  }
  return inputs;
}
