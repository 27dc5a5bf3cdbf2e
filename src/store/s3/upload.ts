import type { ObjectId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import type { ObjectFile } from '../port/object-source.js';
import type { S3Client } from './client/s3-client.js';
import type { Mirror } from './mirror.js';

const PART_BYTES = 8 * 1024 * 1024;
/** A service takes 10,000 parts. */
const MOST_PARTS = 9_000;

async function readPart(file: ObjectFile, position: number, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  for (let done = 0; done < size; ) {
    const count = await file.read(bytes.subarray(done), position + done);
    if (count === 0) throw new HsError('SYSTEM', 'a file of the mirror is shorter than it was');
    done += count;
  }
  return bytes;
}

/** Stores a file at a key that only this content has: as a whole, or in parts, in memory that does not grow with it. */
async function uploadFile(client: S3Client, key: string, file: ObjectFile): Promise<void> {
  const { size } = await file.stat();
  if (size <= PART_BYTES) {
    return client.budget.run(size, async () => client.put(key, await readPart(file, 0, size)));
  }
  const partBytes = Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS));
  const parts = Math.ceil(size / partBytes);
  await client.putParts({
    key,
    count: parts,
    partBytes,
    part: (n) => readPart(file, n * partBytes, Math.min(partBytes, size - n * partBytes)),
  });
}

export async function upload(client: S3Client, mirror: Mirror, key: string, path: string): Promise<void> {
  const file = await mirror.local.parts.disk.open(path, { access: 'read' });
  try {
    await uploadFile(client, key, file);
  } finally {
    await file.close();
  }
}

/** Makes packs, in the mirror, of objects that are there; returns their names and what is in each. */
export async function packAgain(
  mirror: Mirror,
  lease: string,
  ids: readonly ObjectId[],
): Promise<Map<ObjectId, ObjectId[]>> {
  const { disk, objects, newPack } = mirror.local.parts;
  const made = new Map<ObjectId, ObjectId[]>();
  let writer = newPack(lease);
  let held: ObjectId[] = [];
  const finish = async () => {
    if (held.length === 0) return;
    const { path, name } = await writer.finish();
    await disk.rename(path, mirror.layout.pack(name));
    made.set(name, held);
    writer = newPack(lease);
    held = [];
  };
  try {
    for (const id of ids) {
      const bytes = await objects.read(id);
      if (writer.isFullFor(bytes.length)) await finish();
      await writer.add(id, bytes);
      held.push(id);
    }
    await finish();
  } catch (e) {
    await writer.discard();
    throw e;
  }
  await mirror.local.objects.refresh();
  return made;
}
