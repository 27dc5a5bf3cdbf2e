import * as z from 'zod/mini';
import { canonicalBytes, parseCanonical } from '../../core/json/canonical.js';
import { natural, objectId, timestamp, token } from '../../core/json/schema.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { parallel } from '../../core/parallel.js';
import { isHsError } from '../../errors/hs-error.js';
import type { TrashBatch } from '../port/reclaimer.js';
import type { S3Client } from './client/s3-client.js';
import { TRASH, trashKey } from './keys.js';
import type { RemoteContents } from './remote-contents.js';

const MAX_BYTES = 64 * 1024 * 1024;

const schema = z.strictObject({
  window: z.enum(['zero', 'kept']),
  seal: z.optional(z.strictObject({ sealed_at: timestamp, leases: z.array(token) })),
  purge: z.optional(z.strictObject({ objects: natural, size_bytes: natural, brought_back: natural })),
  objects: z.array(z.strictObject({ id: objectId, size: natural, keys: z.array(z.string()) })),
});
export type TrashedObject = z.output<typeof schema>['objects'][number];

export interface BatchFile extends TrashBatch {
  /** In order of id, each with the keys it had when it was taken out of use. */
  readonly objects: readonly TrashedObject[];
}

/**
 * Batches of the trash as records on the service; nothing is moved. They say what may be due, and decide nothing: two
 * that write one at once, an answer that came late and a listing that is old lose changes of it. What goes for good is
 * decided by the ledger at the head that condemns it (`goingWith`), and what a record lost, the next collection makes again.
 */
export class S3Trash {
  readonly #client: S3Client;
  #batches: Promise<Map<string, BatchFile>> | undefined;

  constructor(client: S3Client) {
    this.#client = client;
  }

  forget(): void {
    this.#batches = undefined;
  }

  /** By name, the oldest first; listed once until `forget`. */
  batches(): Promise<Map<string, BatchFile>> {
    this.#batches ??= this.#load().catch((e) => {
      this.#batches = undefined;
      throw e;
    });
    return this.#batches;
  }

  async #load(): Promise<Map<string, BatchFile>> {
    const names: string[] = [];
    for await (const { key } of this.#client.list(TRASH)) {
      const name = /^trash\/(\d{17}-[0-9a-f]+-(?:zero|kept))\.json$/.exec(key)?.[1];
      if (name !== undefined) names.push(name);
    }
    const found = new Map<string, BatchFile>(names.map((name) => [name, undefined as never]));
    await parallel(names, async (name) => {
      const bytes = await this.#client.get(trashKey(name));
      const batch = bytes === undefined ? undefined : decode(name, bytes);
      if (batch === undefined) found.delete(name);
      else found.set(name, batch);
    });
    return found;
  }

  async get(name: string): Promise<BatchFile | undefined> {
    return (await this.batches()).get(name);
  }

  async put(batch: BatchFile): Promise<BatchFile> {
    const { name, window, seal, purge, objects } = batch;
    const value = {
      window,
      ...(seal && { seal: { sealed_at: seal.sealed_at, leases: [...seal.leases] } }),
      ...(purge && { purge: { ...purge } }),
      objects: objects.map(({ id, size, keys }) => ({ id, size, keys: [...keys] })),
    };
    await this.#client.put(trashKey(name), canonicalBytes(value));
    (await this.batches()).set(name, batch);
    return batch;
  }

  async remove(name: string): Promise<void> {
    await this.#client.delete(trashKey(name));
    (await this.batches()).delete(name);
  }

  /** Whether an object is out of use: a batch has it, and it is nowhere else than it was then. */
  async holds(id: ObjectId, contents: RemoteContents): Promise<boolean> {
    for (const { objects } of (await this.batches()).values()) {
      const trashed = objects.find((o) => o.id === id);
      if (trashed !== undefined && contents.keysOf(id).every((key) => trashed.keys.includes(key)))
        return true;
    }
    return false;
  }

  /** Takes objects out of every batch; returns how many were in one. */
  async takeBack(ids: ReadonlySet<ObjectId>, only?: string): Promise<number> {
    let count = 0;
    for (const batch of [...(await this.batches()).values()]) {
      if (only !== undefined && batch.name !== only) continue;
      const objects = batch.objects.filter(({ id }) => !ids.has(id));
      if (objects.length === batch.objects.length) continue;
      count += batch.objects.length - objects.length;
      await this.put({ ...batch, objects });
    }
    return count;
  }
}

function decode(name: string, bytes: Uint8Array): BatchFile | undefined {
  try {
    const result = z.safeParse(schema, parseCanonical(bytes, MAX_BYTES));
    return result.success ? ({ name, ...result.data } as BatchFile) : undefined;
  } catch (e) {
    if (isHsError(e, 'INVALID_RECORD')) return undefined;
    throw e;
  }
}
