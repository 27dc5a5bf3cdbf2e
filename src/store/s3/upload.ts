import { createSha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import type { Added, ByteSource, HeldSource } from '../port/object-batch.js';
import type { S3Client } from './client/s3-client.js';
import type { Mirror } from './mirror.js';
import { PART_BYTES } from './part-size.js';

/** Content up to this size, such as one part of objects with their index, is one request. */
const MOST_WHOLE_BYTES = 1.25 * PART_BYTES;
/** A service takes none that is smaller, but for the last. */
const LEAST_PART_BYTES = 5 * 1024 * 1024;
/** A service takes 10,000 parts. */
const MOST_PARTS = 9_000;
const CHUNK_BYTES = 2 * 1024 * 1024;

/** `ended`: the error for a source that is shorter. */
async function readPart(
  source: ByteSource,
  position: number,
  size: number,
  ended: () => Error,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  for (let done = 0; done < size; ) {
    const count = await source.read(bytes.subarray(done), position + done);
    if (count === 0) throw ended();
    done += count;
  }
  return bytes;
}

interface Upload {
  readonly size: number;
  /** Called for one part after the other, from the first. */
  read(position: number, size: number): Promise<Buffer>;
  /** Called once all was read: the content must not be stored if it throws. */
  check?(): void;
}

/** Stores content at a key that only it has: as a whole, or in parts, in memory that does not grow with it. */
async function store(client: S3Client, key: string, { size, read, check }: Upload): Promise<void> {
  if (size <= MOST_WHOLE_BYTES) {
    return client.budget.run(size, async () => {
      const bytes = await read(0, size);
      check?.();
      await client.put(key, bytes);
    });
  }
  // A full pack is a little more than four parts: a fifth would wait for one of them.
  const wanted = Math.min(MOST_PARTS, Math.max(2, Math.round(size / PART_BYTES)));
  const partBytes = Math.max(LEAST_PART_BYTES, Math.ceil(size / wanted));
  await client.putParts({
    key,
    count: Math.ceil(size / partBytes),
    partBytes,
    part: (n) => read(n * partBytes, Math.min(partBytes, size - n * partBytes)),
    check,
  });
}

/** Stores a file of the mirror. `goOn` is called before each part of it is read: what it throws ends the upload. */
export async function upload(
  client: S3Client,
  mirror: Mirror,
  key: string,
  path: string,
  goOn: () => void = () => undefined,
): Promise<void> {
  const file = await mirror.local.parts.disk.open(path, { access: 'read' });
  const ended = () => new HsError('SYSTEM', 'a file of the mirror is shorter than it was');
  try {
    const { size } = await file.stat();
    const read = (at: number, count: number) => {
      goOn();
      return readPart(file, at, count, ended);
    };
    await store(client, key, { size, read });
  } finally {
    await file.close();
  }
}

/** Stores an object from its source, which may have changed since it was hashed: the bytes that are sent are hashed. */
export function uploadHeld(
  client: S3Client,
  key: string,
  { id, size }: Added,
  source: HeldSource,
): Promise<void> {
  const hash = createSha256();
  let before: Promise<unknown> = Promise.resolve();
  const read = (position: number, count: number) => {
    const reading = before.then(async () => {
      const bytes = await readPart(source, position, count, () => source.changed());
      hash.update(bytes);
      return bytes;
    });
    before = reading;
    return reading;
  };
  const check = () => {
    if (hash.digest() !== id) throw source.changed();
  };
  return store(client, key, { size, read, check });
}

/** Hashes a source of any size: while one chunk is hashed, the next is read. */
export async function hashSource(source: ByteSource, onBytes?: (count: number) => void): Promise<Added> {
  const hash = createSha256();
  const buffers = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)];
  let size = 0;
  let reading = source.read(buffers[0]!, 0);
  for (let turn = 0; ; turn ^= 1) {
    const count = await reading;
    if (count === 0) return { id: hash.digest(), size };
    size += count;
    reading = source.read(buffers[turn ^ 1]!, size);
    reading.catch(() => undefined);
    hash.update(buffers[turn]!.subarray(0, count));
    onBytes?.(count);
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
