import { decodeEntry } from '../../core/ledger/entry.js';
import type { EntryPayload } from '../../core/ledger/entry-types.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { PackIndex } from '../../core/objects/pack-index.js';
import { parallel } from '../../core/parallel.js';
import { isHsError } from '../../errors/hs-error.js';
import type { S3Client } from './client/s3-client.js';
import { OBJECTS, objectKey, PACKS } from './keys.js';
import type { Mirror } from './mirror.js';
import { PART_BYTES } from './part-size.js';
import { copiesBelow, RemoteContents } from './remote-contents.js';

/** Parts of one object under way. */
const PARTS_AHEAD = 4;
/** Of a pack whose size is not known; most are far smaller than they may be. */
const MOST_PACKS_BYTES = 4 * 1024 * 1024;
/** Ids whose packs are remembered from the entries that named them. */
const MOST_NOTED = 20_000;
const NAMES_PACKS = Buffer.from('"packs":[');

interface Part {
  readonly bytes: Uint8Array;
  /** Of the whole, in bytes. */
  readonly size: number;
  giveBack(): void;
}

/** Fetches objects and packs from the service into the mirror. */
export class Fetcher {
  readonly #client: S3Client;
  readonly #mirror: Mirror;
  /** Places of packs (`NAME/EPOCH`) of the entries that name an object. */
  readonly #noted = new Map<ObjectId, readonly string[]>();
  /** Those of the entries that were asked for last: the files of a tree are in the packs of its index. */
  #recent: readonly string[] = [];
  #contents: Promise<RemoteContents> | undefined;
  /** Of the packs that were listed last: each is read once, however often a collection lists. */
  #indexes: ReadonlyMap<ObjectId, PackIndex> = new Map();
  /** An object on its way that nobody asked for yet. */
  #expected: Promise<void> | undefined;

  constructor(client: S3Client, mirror: Mirror) {
    this.#client = client;
    this.#mirror = mirror;
  }

  /**
   * Fetches the policy that entry 0 names while the ledger is read: every change asks it, and most stores have no
   * other. Reads verify it like any object; where it fails, whoever needs it fetches it.
   */
  expectPolicy(first: Promise<Uint8Array | undefined> | undefined): void {
    const bring = async () => {
      const bytes = await first;
      if (bytes === undefined) return;
      const { type, payload } = decodeEntry(bytes);
      if (type !== 'store_created') return;
      const { policy } = payload as EntryPayload<'store_created'>;
      await this.#bringTo(this.#mirror.layout.object(policy), objectKey(policy, 0));
    };
    if (first !== undefined) this.#expected = bring().catch(() => undefined);
  }

  /** Resolves when it has arrived. */
  async expected(): Promise<void> {
    await this.#expected;
  }

  /** All there is, listed once until `forget`. */
  contents(): Promise<RemoteContents> {
    this.#contents ??= this.#list().catch((e) => {
      this.#contents = undefined;
      throw e;
    });
    return this.#contents;
  }

  /** The last listing; undefined: there is none. */
  get listed(): Promise<RemoteContents> | undefined {
    return this.#contents;
  }

  async #list(): Promise<RemoteContents> {
    const listed = await RemoteContents.load(this.#client, this.#mirror, this.#indexes);
    this.#indexes = new Map(listed.packs.map(({ name, index }) => [name, index]));
    return listed;
  }

  /** What a listing says; one that was made before and does not know is made again. */
  async ask<T>(question: (contents: RemoteContents) => T | undefined): Promise<T | undefined> {
    const isOld = this.#contents !== undefined;
    const known = question(await this.contents());
    if (known !== undefined || !isOld) return known;
    this.forget();
    return question(await this.contents());
  }

  /** Lists again when next asked. */
  forget(): void {
    this.#contents = undefined;
  }

  /** Remembers where the objects that an entry names are. */
  note(bytes: Uint8Array): void {
    if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(NAMES_PACKS)) return;
    try {
      const { packs = [], ops = [], ops_object, payload_object } = decodeEntry(bytes);
      if (packs.length === 0) return;
      const ids: (ObjectId | undefined)[] = [ops_object, payload_object];
      for (const op of ops) {
        if (op.op === 'set_policy') ids.push(op.policy);
        if (op.op === 'add' || op.op === 'revise') ids.push(op.manifest, op.content_hash);
      }
      for (const id of ids) if (id !== undefined) this.#noted.set(id, packs);
      this.#recent = packs;
      while (this.#noted.size > MOST_NOTED) this.#noted.delete(this.#noted.keys().next().value!);
    } catch (e) {
      if (!isHsError(e, 'INVALID_RECORD')) throw e;
    }
  }

  /** Brings an object into the mirror, unverified; false: the service does not have it. */
  async bring(id: ObjectId, epoch: number): Promise<boolean> {
    this.#client.demandOnline(`object ${id}`);
    const noted = this.#noted.get(id);
    if (noted !== undefined) this.#recent = noted;
    if ((await this.#bringPacks(this.#recent)) && (await this.#mirror.isSoundOrDropped(id))) return true;
    const path = this.#mirror.layout.object(id);
    const copies = (await copiesBelow(this.#client, `${OBJECTS}${id}/`)).get(id) ?? [];
    for (const { key, size } of copies) if (await this.#bringTo(path, key, size)) return true;
    // A listing may be stale, a key is not.
    if (await this.#bringTo(path, objectKey(id, epoch))) return true;
    const packs = await this.ask((contents) => {
      const found = contents.placesOf(id).packs;
      return found.length > 0 ? found : undefined;
    });
    let brought = false;
    for (const { name, copies: keys } of packs ?? []) {
      const isHere = (await this.#mirror.packNames()).has(name);
      if (isHere) await this.#mirror.local.objects.refresh();
      if (await this.#mirror.isSoundOrDropped(id)) return true;
      // It was here, and does not give what it has: its index is damaged, which whoever opened it knows by heart.
      if (isHere) await this.#mirror.dropPack(name);
      brought = (await this.#bringPack(name, keys[0]!.key)) || brought;
    }
    return brought;
  }

  /** Whether any of the packs was not here before. */
  async #bringPacks(places: readonly string[]): Promise<boolean> {
    if (places.length === 0) return false;
    const here = await this.#mirror.packNames();
    const missing = places.filter((place) => !here.has(place.split('/')[0] as ObjectId));
    let brought = false;
    await parallel(missing, async (place) => {
      const name = place.split('/')[0] as ObjectId;
      if (await this.#bringPack(name, `${PACKS}${place}`)) brought = true;
    });
    return brought;
  }

  async #bringPack(name: ObjectId, key: string): Promise<boolean> {
    if (!(await this.#bringTo(this.#mirror.layout.pack(name), key, MOST_PACKS_BYTES))) return false;
    await this.#mirror.local.objects.refresh();
    return true;
  }

  /** A part of an object; its bytes count as in memory until they are given back. */
  async #part(key: string, from: number, expected: number): Promise<Part | undefined> {
    const giveBack = await this.#client.budget.take(expected);
    try {
      const part = await this.#client.getPart(key, `bytes=${from}-${from + PART_BYTES - 1}`);
      if (part !== undefined) return { ...part, giveBack };
    } catch (e) {
      giveBack();
      throw e;
    }
    giveBack();
    return undefined;
  }

  /** Fetches what is large in parts, some at a time, in memory that does not grow with it. `expected`: size in bytes. */
  async #bringTo(path: string, key: string, expected = PART_BYTES): Promise<boolean> {
    const first = await this.#part(key, 0, Math.min(expected, PART_BYTES));
    if (first === undefined) return false;
    if (first.bytes.length >= first.size) {
      await this.#mirror.keep(path, first.bytes).finally(first.giveBack);
      return true;
    }
    const staged = this.#mirror.incoming();
    try {
      if (await this.#writeParts(staged, key, first)) {
        await this.#mirror.adopt(staged, path);
        this.#mirror.grow(first.size);
        return true;
      }
    } catch (e) {
      await this.#mirror.drop(staged);
      throw e;
    }
    await this.#mirror.drop(staged);
    return false;
  }

  /** False: it has gone. */
  async #writeParts(path: string, key: string, first: Part): Promise<boolean> {
    const { size } = first;
    const ahead: Promise<Part | undefined>[] = [Promise.resolve(first)];
    try {
      const file = await this.#mirror.disk.open(path, { access: 'create', mode: 0o444, sparse: true });
      try {
        let asked = first.bytes.length;
        for (let at = 0; at < size; ) {
          for (; ahead.length < PARTS_AHEAD && asked < size; asked += PART_BYTES) {
            const next = this.#part(key, asked, Math.min(PART_BYTES, size - asked));
            next.catch(() => undefined);
            ahead.push(next);
          }
          const part = await ahead.shift()!;
          await file.write(part?.bytes ?? new Uint8Array()).finally(part?.giveBack);
          if (!part?.bytes.length) return false;
          at += part.bytes.length;
        }
        return true;
      } finally {
        await file.close();
      }
    } finally {
      // What was asked for and is not wanted any more.
      for (const next of ahead)
        next.then(
          (part) => part?.giveBack(),
          () => undefined,
        );
    }
  }
}
