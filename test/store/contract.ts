import { describe, expect, it } from 'vitest';
import { noProgress } from '../../src/core/effects.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { type ObjectId, toTimestamp } from '../../src/core/objects/ids.js';
import { isErrno } from '../../src/errors/hs-error.js';
import { ObjectStore } from '../../src/store/objects/object-store.js';
import type { Backend } from '../../src/store/port/backend.js';
import type { InventoryRequest } from '../../src/store/port/inventory.js';
import type { Lease } from '../../src/store/port/lease-table.js';
import type { ByteSource } from '../../src/store/port/object-batch.js';
import type { TrashBatch, TrashWindow, Working } from '../../src/store/port/reclaimer.js';

/** A backend under test, as two processes see it, with what is done behind its back. */
export interface Subject {
  readonly backend: Backend;
  /** The same store, seen by another process. */
  readonly other: Backend;
  /** Gives an object in use other bytes. */
  damage(id: ObjectId, bytes: Uint8Array): Promise<void>;
  /** Takes an entry away. */
  loseEntry(seq: number): Promise<void>;
}

export interface Implementation {
  readonly name: string;
  make(): Promise<Subject>;
}

const T0 = toTimestamp(Date.parse('2026-06-01T00:00:00.000Z'));
const bytesOf = (text: string) => Buffer.from(text);
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const entry = (seq: number) => ({ seq, event_id: '00000000-0000-4000-8000-000000000000' });

/** In pieces that are shorter than what is asked for. */
function sourceOf(bytes: Uint8Array, failAt = Number.POSITIVE_INFINITY): ByteSource {
  return {
    read: async (buffer, position) => {
      if (position >= failAt) throw new Error('the source failed');
      const part = bytes.subarray(position, position + Math.min(buffer.length, 700_000));
      buffer.set(part);
      return part.length;
    },
  };
}

/** A lease whose command died, with what it staged and journaled. */
async function dead(backend: Backend, stage: readonly string[] = []): Promise<string> {
  const lease = await backend.leases.take();
  const batch = backend.batch(lease.token);
  for (const text of stage) await batch.addSource(sourceOf(bytesOf(text)));
  await lease.journal({ doing: 'something' });
  lease.abandon();
  await lease.release();
  return lease.token;
}

async function under<T>(backend: Backend, run: (lease: Lease) => Promise<T>): Promise<T> {
  const lease = await backend.leases.take();
  try {
    return await run(lease);
  } finally {
    await lease.release();
  }
}

async function store(backend: Backend, ...texts: string[]): Promise<ObjectId[]> {
  return under(backend, async ({ token }) => {
    const batch = backend.batch(token);
    const ids: ObjectId[] = [];
    for (const text of texts) ids.push((await batch.addBytes(bytesOf(text))).id);
    await batch.publish();
    await batch.discard();
    return ids;
  });
}

/** Every object that is listed, with where it lies and how long it is. */
async function listed(backend: Backend, request: InventoryRequest = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const group of backend.inventory.groups({ sizes: true, ...request })) {
    for (const { id, size } of group.objects) {
      found.push(`${id.slice(0, 8)} ${group.batch === undefined ? 'in use' : 'trash'} ${size}`);
    }
  }
  return found.sort();
}

const row = (id: ObjectId, where: string, size: number) => `${id.slice(0, 8)} ${where} ${size}`;

function working(backend: Backend, leases: Lease[]): Working {
  return {
    progress: noProgress,
    staging: async () => {
      const lease = await backend.leases.take();
      leases.push(lease);
      return lease.token;
    },
  };
}

/** Runs a step of a collection, and gives back the lease that it took. */
async function collecting<T>(backend: Backend, run: (working: Working) => Promise<T>): Promise<T> {
  const leases: Lease[] = [];
  try {
    return await run(working(backend, leases));
  } finally {
    for (const lease of leases) await lease.release();
  }
}

/** Takes objects out of use; the batches, sealed. */
async function takeOut(
  backend: Backend,
  ids: readonly ObjectId[],
  windowOf: (id: ObjectId) => TrashWindow = () => 'kept',
  older: readonly TrashBatch[] = [],
): Promise<TrashBatch[]> {
  const gone = new Set(ids);
  return collecting(backend, async (work) => {
    const condemned = [];
    for await (const group of backend.inventory.groups({ where: 'in use', unlistable: () => undefined })) {
      const of = [...group.objects].map((o) => o.id).filter((id) => gone.has(id));
      if (of.length > 0) condemned.push({ group, ids: of });
    }
    const verdict = { isInUse: (id: ObjectId) => !gone.has(id), windowOf, sizeOf: () => undefined };
    const { batches } = await backend.reclaimer.condemn(condemned, verdict, older, T0, work);
    const sealed: TrashBatch[] = [];
    for (const batch of batches) {
      sealed.push(await backend.reclaimer.seal(batch, { sealed_at: T0, leases: [] }));
    }
    return sealed;
  });
}

const erase = (
  backend: Backend,
  batch: TrashBatch,
  inUse: ReadonlySet<ObjectId> = new Set(),
  counted = new Set<ObjectId>(),
) =>
  collecting(backend, (work) =>
    backend.reclaimer.erase(
      batch,
      { isInUse: (id) => inUse.has(id), isLast: () => false, counted, broughtBack: 0 },
      work,
    ),
  );

type Promised = readonly [promise: string, keep: (subject: Subject) => Promise<void>];

const LEDGER: readonly Promised[] = [
  [
    'gives a number to one writer only, and leaves the bytes of the first',
    async ({ backend, other }) => {
      expect(await backend.ledger.append(entry(1), bytesOf('one'), 'a'.repeat(24))).toBe('appended');
      expect(await other.ledger.append(entry(1), bytesOf('other'), 'b'.repeat(24))).toBe('taken');
      expect(textOf((await other.ledger.read(1)) as Uint8Array)).toBe('one');
      expect(await other.inventory.staged()).toEqual([]);
    },
  ],
  [
    'lets exactly one of many that race for each number win',
    async ({ backend, other }) => {
      for (let seq = 1; seq <= 5; seq++) {
        const raced = await Promise.all(
          Array.from({ length: 8 }, (_, n) =>
            (n % 2 === 0 ? backend : other).ledger.append(entry(seq), bytesOf(`${n}`), `${n}`.repeat(24)),
          ),
        );
        const winner = raced.indexOf('appended');
        expect(raced.filter((r) => r === 'appended')).toHaveLength(1);
        expect(textOf((await backend.ledger.read(seq)) as Uint8Array)).toBe(`${winner}`);
      }
    },
  ],
  [
    'knows its highest number, and says of a free one that it is free',
    async ({ backend, other }) => {
      expect([await backend.ledger.headSeq(), await backend.ledger.read(1)]).toEqual([0, undefined]);
      await backend.ledger.append(entry(1), bytesOf('x'), 'a'.repeat(24));
      expect([await other.ledger.headSeq(), await other.ledger.read(2)]).toEqual([1, undefined]);
      await other.ledger.settle(1);
    },
  ],
  [
    'sees a lost entry among the newest, and lists what is there',
    async ({ backend, loseEntry }) => {
      for (let seq = 1; seq <= 3; seq++)
        await backend.ledger.append(entry(seq), bytesOf('x'), 'a'.repeat(24));
      expect((await backend.ledger.list()).numbers).toEqual([0, 1, 2, 3]);
      await loseEntry(2);
      expect(await backend.ledger.list()).toEqual({ numbers: [0, 1, 3], strays: [] });
      await expect(backend.ledger.headSeq()).rejects.toMatchObject({ code: 'LEDGER_BROKEN' });
    },
  ],
  [
    'reads nothing that is longer than an entry can be',
    async ({ backend }) => {
      await backend.ledger.append(entry(1), Buffer.alloc(100_000), 'a'.repeat(24));
      expect(await backend.ledger.read(1)).toBe('too large');
    },
  ],
  [
    'keeps what was appended apart from the memory of who appended it',
    async ({ backend }) => {
      const bytes = bytesOf('mine');
      await backend.ledger.append(entry(1), bytes, 'a'.repeat(24));
      bytes.fill(0);
      expect(textOf((await backend.ledger.read(1)) as Uint8Array)).toBe('mine');
    },
  ],
];

const BATCH: readonly Promised[] = [
  [
    'shows nothing before it is published, and all of it after',
    async ({ backend, other }) => {
      await under(backend, async ({ token }) => {
        const batch = backend.batch(token);
        const { id, size } = await batch.addBytes(bytesOf('hello'));
        const objects = new ObjectStore(other.objects);
        expect([id, size, await objects.has(id)]).toEqual([sha256(bytesOf('hello')), 5, false]);
        await batch.publish();
        expect([textOf(await objects.read(id)), await objects.size(id), await objects.sizeInUse(id)]).toEqual(
          ['hello', 5, 5],
        );
        expect(await other.inventory.staged()).toEqual([]);
      });
    },
  ],
  [
    'takes a source of any size, an empty one too, and says how far it is',
    async ({ backend }) => {
      await under(backend, async ({ token }) => {
        const bytes = Buffer.alloc(5_432_109, 'pi is 3.14159');
        const batch = backend.batch(token);
        let counted = 0;
        const large = await batch.addSource(sourceOf(bytes), (n) => {
          counted += n;
        });
        const empty = await batch.addSource(sourceOf(new Uint8Array()));
        await batch.publish();
        const objects = new ObjectStore(backend.objects);
        expect([large, counted]).toEqual([{ id: sha256(bytes), size: bytes.length }, bytes.length]);
        expect(Buffer.from(await objects.read(large.id)).equals(bytes)).toBe(true);
        expect(await objects.size(empty.id)).toBe(0);
      });
    },
  ],
  [
    'leaves nothing when a source fails, or when it is discarded',
    async ({ backend }) => {
      await under(backend, async ({ token }) => {
        const batch = backend.batch(token);
        const { id } = await batch.addBytes(bytesOf('never'));
        await expect(batch.addSource(sourceOf(Buffer.alloc(2_000_000), 700_000))).rejects.toThrow(
          'the source failed',
        );
        await batch.discard();
        expect(await backend.inventory.staged()).toEqual([]);
        expect(await backend.objects.size(id)).toBeUndefined();
      });
    },
  ],
  [
    'keeps the same bytes once, within a batch and over several',
    async ({ backend, other }) => {
      const [id] = await store(backend, 'same');
      const before = await listed(backend);
      expect(await store(other, 'same', 'same')).toEqual([id, id]);
      expect(await listed(backend)).toEqual(before);
    },
  ],
  [
    'may be added to and published again',
    async ({ backend }) => {
      await under(backend, async ({ token }) => {
        const batch = backend.batch(token);
        const first = await batch.addBytes(bytesOf('first'));
        await batch.publish();
        const second = await batch.addBytes(bytesOf('second'), { apart: true });
        await batch.publish();
        await batch.discard();
        for (const { id } of [first, second]) expect(await backend.objects.sizeInUse(id)).toBeDefined();
      });
    },
  ],
  [
    'refuses to reference what is not there, or has another size',
    async ({ backend }) => {
      const [id] = await store(backend, 'there');
      await under(backend, async ({ token }) => {
        const batch = backend.batch(token);
        await expect(batch.reference(sha256(bytesOf('no')))).rejects.toMatchObject({
          code: 'OBJECT_MISSING',
        });
        await expect(batch.reference(id!, 4)).rejects.toMatchObject({ code: 'INTEGRITY' });
        await batch.reference(id!, 5);
        await batch.publish();
      });
    },
  ],
  [
    'brings back from the trash what it will reference',
    async ({ backend, other }) => {
      const [id] = await store(backend, 'trash');
      await takeOut(backend, [id!]);
      expect(await other.objects.sizeInUse(id!)).toBeUndefined();
      await under(other, async ({ token }) => {
        const batch = other.batch(token);
        await batch.reference(id!, 5);
        await batch.publish();
      });
      await other.objects.refresh();
      expect(await other.objects.sizeInUse(id!)).toBe(5);
    },
  ],
  [
    'brings back what is taken out of use after it was added, found or new',
    async ({ backend, other }) => {
      const [found] = await store(backend, 'found');
      await under(other, async ({ token }) => {
        const batch = other.batch(token);
        await batch.addBytes(bytesOf('found'));
        const { id } = await batch.addBytes(bytesOf('new'));
        await batch.publish();
        await takeOut(backend, [found!, id]);
        await batch.publish();
        await other.objects.refresh();
        expect([await other.objects.sizeInUse(found!), await other.objects.sizeInUse(id)]).toEqual([5, 3]);
      });
    },
  ],
  [
    'puts good bytes in the place of damaged ones, and says that it met them',
    async ({ backend, damage }) => {
      const [id] = await store(backend, 'whole');
      await damage(id!, bytesOf('WHOLE'));
      await under(backend, async ({ token }) => {
        const batch = backend.batch(token);
        await batch.addBytes(bytesOf('whole'));
        expect([...batch.damaged]).toEqual([id]);
        await batch.publish();
        await backend.reclaimer.dropCopies(id!, token);
      });
      await backend.objects.refresh();
      expect(textOf(await new ObjectStore(backend.objects).read(id!))).toBe('whole');
    },
  ],
];

const OBJECTS: readonly Promised[] = [
  [
    'are verified however they are read',
    async ({ backend, damage }) => {
      const [id] = await store(backend, '12345');
      await damage(id!, bytesOf('12346'));
      const objects = new ObjectStore(backend.objects);
      await expect(objects.read(id!)).rejects.toMatchObject({ code: 'INTEGRITY' });
      for (const way of ['stream', 'lend'] as const) {
        const reading = (async () => {
          for await (const _ of objects[way](id!));
        })();
        await expect(reading).rejects.toMatchObject({ code: 'INTEGRITY' });
      }
      expect([await objects.isSound(id!), textOf(await objects.lendUnverified(id!, 5))]).toEqual([
        false,
        '12346',
      ]);
    },
  ],
  [
    'are missing when nothing has their name, and refused when they are too large',
    async ({ backend }) => {
      const [id] = await store(backend, '12345');
      const objects = new ObjectStore(backend.objects);
      await expect(objects.read(sha256(bytesOf('no')))).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
      await expect(objects.open(sha256(bytesOf('no')))).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
      await expect(objects.read(id!, 4)).rejects.toMatchObject({ code: 'INTEGRITY' });
    },
  ],
  [
    'are read to their end once they are open, whatever becomes of their name',
    async ({ backend, other }) => {
      const [id] = await store(backend, 'open');
      const file = await new ObjectStore(other.objects).open(id!);
      for (const batch of await takeOut(backend, [id!])) await erase(backend, batch);
      const buffer = Buffer.alloc(10);
      expect([(await file.stat()).size, await file.read(buffer, 0), await file.read(buffer, 4)]).toEqual([
        4, 4, 0,
      ]);
      expect(buffer.toString('utf8', 0, 4)).toBe('open');
      await file.close();
    },
  ],
  [
    'are found in the trash too, and are not in use there',
    async ({ backend, other }) => {
      const [id] = await store(backend, 'away');
      await takeOut(backend, [id!]);
      await other.objects.refresh();
      expect(textOf(await new ObjectStore(other.objects).read(id!))).toBe('away');
      expect([await other.objects.size(id!), await other.objects.sizeInUse(id!)]).toEqual([4, undefined]);
    },
  ],
  [
    'are handed out so that nobody can change what others read',
    async ({ backend }) => {
      const [id] = await store(backend, 'mine');
      const objects = new ObjectStore(backend.objects);
      (await objects.read(id!)).fill(0);
      for await (const chunk of objects.stream(id!)) chunk.fill(0);
      expect(textOf(await objects.read(id!))).toBe('mine');
    },
  ],
];

const RECLAIMER: readonly Promised[] = [
  [
    'takes out of use what it is told to and nothing else, each into the batch of its window',
    async ({ backend }) => {
      const [kept, zero, stays] = await store(backend, 'a kept one', 'a zero', 'stays');
      const batches = await takeOut(backend, [kept!, zero!], (id) => (id === zero ? 'zero' : 'kept'));
      expect(batches.map((b) => b.window).sort()).toEqual(['kept', 'zero']);
      for (const batch of batches) {
        expect(await backend.reclaimer.contents(batch)).toEqual([batch.window === 'kept' ? kept : zero]);
        expect(batch.name.slice(0, 17)).toBe('20260601000000000');
      }
      const rows = await listed(backend);
      for (const r of [row(kept!, 'trash', 10), row(zero!, 'trash', 6), row(stays!, 'in use', 5)]) {
        expect(rows).toContain(r);
      }
    },
  ],
  [
    'keeps the seal of a batch, and lists batches by age',
    async ({ backend, other }) => {
      const [a, b] = await store(backend, 'a', 'b');
      const leases = ['0'.repeat(24)];
      const [first] = await takeOut(backend, [a!]);
      await backend.reclaimer.seal(first!, { sealed_at: T0, leases });
      await takeOut(backend, [b!], () => 'zero');
      const batches = await other.reclaimer.batches();
      expect(batches.map((batch) => batch.name)).toEqual(batches.map((batch) => batch.name).sort());
      expect(batches.find((batch) => batch.name === first!.name)?.seal).toMatchObject({
        sealed_at: T0,
        leases,
      });
    },
  ],
  [
    'puts back what is in use again, once, and leaves the rest',
    async ({ backend, other }) => {
      const [again, gone] = await store(backend, 'again', 'gone');
      const [batch] = await takeOut(backend, [again!, gone!]);
      const isInUse = (id: ObjectId) => id === again;
      expect(await collecting(backend, (w) => backend.reclaimer.rescue(batch!, isInUse, w))).toBe(1);
      expect(await collecting(backend, (w) => backend.reclaimer.rescue(batch!, isInUse, w))).toBe(0);
      await other.objects.refresh();
      expect([await other.objects.sizeInUse(again!), await other.objects.sizeInUse(gone!)]).toEqual([
        5,
        undefined,
      ]);
    },
  ],
  [
    'removes the bytes of a batch for good, and then the batch',
    async ({ backend, other }) => {
      const [id] = await store(backend, 'gone');
      const [batch] = await takeOut(backend, [id!]);
      expect(await erase(backend, batch!)).toMatchObject({ objects: 1, size_bytes: 4, brought_back: 0 });
      await other.objects.refresh();
      expect(await other.objects.size(id!)).toBeUndefined();
      expect(await backend.reclaimer.drop(batch!)).toEqual([]);
      expect(await other.reclaimer.batches()).toEqual([]);
    },
  ],
  [
    'says of a purge that is begun again what it said the first time',
    async ({ backend }) => {
      const [id] = await store(backend, 'gone');
      const [batch] = await takeOut(backend, [id!]);
      const note = await erase(backend, batch!);
      const [begun] = await backend.reclaimer.batches();
      expect(await erase(backend, begun!)).toMatchObject({ ...note });
    },
  ],
  [
    'counts what lies in two batches once',
    async ({ backend }) => {
      const [id] = await store(backend, 'twice');
      const [first] = await takeOut(backend, [id!]);
      await store(backend, 'twice');
      // Batches of one moment have names of their own.
      const [second] = await takeOut(backend, [id!]);
      const counted = new Set<ObjectId>();
      const notes = [
        await erase(backend, first!, new Set(), counted),
        ...(second === undefined ? [] : [await erase(backend, second, new Set(), counted)]),
      ];
      expect(notes.reduce((sum, n) => sum + n.objects, 0)).toBe(1);
    },
  ],
  [
    'moves what has no window any more out of a batch that has one',
    async ({ backend }) => {
      const [kept, other] = await store(backend, 'first kept', 'other');
      const older = await takeOut(backend, [kept!]);
      const batches = await takeOut(backend, [other!], (id) => (id === kept ? 'zero' : 'kept'), older);
      const zero = batches.find((b) => b.window === 'zero');
      expect(await backend.reclaimer.contents(zero!)).toEqual([kept]);
      expect(await backend.reclaimer.contents(older[0]!)).toEqual([]);
    },
  ],
  [
    'finds nothing in a batch that was dropped meanwhile',
    async ({ backend, other }) => {
      const [id] = await store(backend, 'gone');
      const [batch] = await takeOut(backend, [id!]);
      await erase(backend, batch!);
      await backend.reclaimer.drop(batch!);
      expect(await other.reclaimer.contents(batch!)).toEqual([]);
    },
  ],
];

const LEASES: readonly Promised[] = [
  [
    'are there while they are held, alive, and gone when they are released',
    async ({ backend, other }) => {
      const lease = await backend.leases.take();
      expect(lease.token).toMatch(/^[0-9a-f]{24}$/);
      expect([await other.leases.list(), await other.leases.exists(lease.token)]).toEqual([
        [lease.token],
        true,
      ]);
      expect(await other.leases.judge(lease.token)).toBeUndefined();
      await lease.release();
      expect([await other.leases.list(), await other.leases.exists(lease.token)]).toEqual([[], false]);
      expect(await other.leases.judge(lease.token)).toBeUndefined();
    },
  ],
  [
    'of the dead are judged by one at a time, and left with what they journaled',
    async ({ backend, other }) => {
      const token = await dead(backend);
      const judged = await other.leases.judge(token);
      expect(judged).toMatchObject({ token, journal: [{ doing: 'something' }], foreign: false });
      expect(await backend.leases.judge(token)).toBeUndefined();
      await judged!.leave();
      const again = await backend.leases.judge(token);
      await again!.clear();
      expect(await other.leases.list()).toEqual([]);
    },
  ],
  [
    'of the dead give up what was staged under them, and no more',
    async ({ backend, other }) => {
      const token = await dead(backend, ['staged by the dead']);
      await under(backend, async (lease) => {
        const batch = backend.batch(lease.token);
        await batch.addSource(sourceOf(bytesOf('staged by the living')));
        expect(new Set((await other.inventory.staged()).map((s) => s.lease))).toEqual(
          new Set([token, lease.token]),
        );
        const judged = await other.leases.judge(token);
        await judged!.discardStaged();
        await judged!.clear();
        expect((await other.inventory.staged()).map((s) => s.lease)).toEqual([lease.token]);
        await batch.publish();
      });
    },
  ],
  [
    'that are gone leave nothing that was staged under them',
    async ({ backend, other }) => {
      const token = await dead(backend, ['nobody has this']);
      await other.leases.assumeDead(token);
      expect((await other.inventory.staged()).map((s) => s.lease)).toEqual([token]);
      await other.leases.discardUnclaimed();
      expect(await other.inventory.staged()).toEqual([]);
    },
  ],
  [
    'are taken for dead when that is said, unless there is none',
    async ({ backend }) => {
      const lease = await backend.leases.take();
      await backend.leases.assumeDead(lease.token);
      expect(await backend.leases.list()).toEqual([]);
      await expect(backend.leases.assumeDead(lease.token)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await lease.release();
    },
  ],
  [
    'let one collector at a time be at work',
    async ({ backend, other }) => {
      const turn = await backend.leases.exclusive('collector');
      expect([turn !== undefined, await other.leases.exclusive('collector')]).toEqual([true, undefined]);
      await turn!.release();
      const next = await other.leases.exclusive('collector');
      expect(next).toBeDefined();
      await next!.release();
    },
  ],
];

const INVENTORY: readonly Promised[] = [
  [
    'lists every object with its bytes, in use first, and those that begin with a prefix alone',
    async ({ backend, other }) => {
      const [a, b, c] = await store(backend, 'a', 'bb', 'ccc');
      await takeOut(backend, [b!]);
      const rows = await listed(other);
      for (const r of [row(a!, 'in use', 1), row(b!, 'trash', 2), row(c!, 'in use', 3)])
        expect(rows).toContain(r);
      for (const digits of [1, 2, 3, 12, 64]) {
        const prefix = a!.slice(0, digits);
        const some = await listed(other, { prefix });
        expect(some).toContain(row(a!, 'in use', 1));
        expect(some.every((r) => r.startsWith(prefix.slice(0, 8)))).toBe(true);
      }
      const order: (string | undefined)[] = [];
      for await (const { batch } of other.inventory.groups()) order.push(batch);
      expect(order.lastIndexOf(undefined)).toBeLessThan(order.findIndex((batch) => batch !== undefined));
    },
  ],
  [
    'lists only what is in use, or only the trash',
    async ({ backend }) => {
      const [a, b] = await store(backend, 'a', 'bb');
      await takeOut(backend, [b!]);
      expect(await listed(backend, { where: 'trash' })).toEqual([row(b!, 'trash', 2)]);
      const inUse = await listed(backend, { where: 'in use' });
      expect([inUse.includes(row(a!, 'in use', 1)), inUse.some((r) => r.includes('trash'))]).toEqual([
        true,
        false,
      ]);
    },
  ],
  [
    'opens and measures the very copy that it listed, and says when it has gone',
    async ({ backend }) => {
      const [id] = await store(backend, 'a copy');
      const [batch] = await takeOut(backend, [id!]);
      for await (const group of backend.inventory.groups({ where: 'trash' })) {
        // A batch may have a part in which nothing lies.
        if ([...group.objects].length === 0) continue;
        expect(await group.size(id!)).toBe(6);
        expect(group.nameOf(id!)).toContain(id);
        const file = await group.open(id!);
        const buffer = Buffer.alloc(6);
        await file.read(buffer, 0);
        expect(buffer.toString()).toBe('a copy');
        await file.close();
        await group.close();
        if (group.pack !== undefined) continue;
        await erase(backend, batch!);
        expect(await group.size(id!)).toBeUndefined();
        const gone = await group.open(id!).catch((e: unknown) => e);
        expect(isErrno(gone, 'ENOENT')).toBe(true);
      }
    },
  ],
  [
    'of a store that is as it should be finds nothing to mend',
    async ({ backend }) => {
      const [, b] = await store(backend, 'a', 'b');
      await takeOut(backend, [b!]);
      expect(await backend.check()).toEqual([]);
      await backend.checkStructure();
      expect((await under(backend, ({ token }) => backend.tryOut(token))).map((c) => c.state)).not.toContain(
        'problem',
      );
    },
  ],
  [
    'tells of what is left of a command whose lease has gone, and mends it',
    async ({ backend, other }) => {
      const token = await dead(backend, ['left']);
      await other.leases.assumeDead(token);
      const findings = await other.check();
      expect(findings.map((f) => f.severity)).toEqual(['leftover']);
      await under(other, async (lease) => {
        const batch = other.batch(lease.token);
        expect(await findings[0]!.repair!({ lease: lease.token, batch })).toBe(true);
      });
      expect(await other.check()).toEqual([]);
    },
  ],
];

const LOCAL_SIDE: readonly Promised[] = [
  [
    'remembers that the store was accepted, and with which output root',
    async ({ backend, other }) => {
      await backend.local.trust.accept('/elsewhere');
      expect([await other.local.trust.isKnown(), await other.local.trust.isAccepted()]).toEqual([true, true]);
      expect(await other.local.trust.acceptedOutputRoot()).toBe('/elsewhere');
    },
  ],
  [
    'remembers the position of the ledger that was seen',
    async ({ backend, other }) => {
      const head = { seq: 7, hash: sha256(bytesOf('head')) };
      expect([await backend.local.anchor.isWritable(), await backend.local.anchor.write(head)]).toEqual([
        true,
        true,
      ]);
      expect(await other.local.anchor.look()).toEqual(head);
    },
  ],
];

const PROMISES: Readonly<Record<string, readonly Promised[]>> = {
  'the ledger': LEDGER,
  'a batch': BATCH,
  objects: OBJECTS,
  'the reclaimer': RECLAIMER,
  leases: LEASES,
  'the inventory': INVENTORY,
  'the local side': LOCAL_SIDE,
};

/** How many promises each implementation is held to. */
export const CONTRACT_LENGTH = Object.values(PROMISES).reduce((sum, list) => sum + list.length, 0);

/** The contract of the storage port (`src/store/port`), as tests of one implementation. */
export function backendContract({ name, make }: Implementation): void {
  describe(`${name}, held to the ${CONTRACT_LENGTH} promises of the storage port`, () => {
    for (const [what, promises] of Object.entries(PROMISES)) {
      describe(what, () => {
        it.each(promises)('%s', async (_, keep) => {
          const subject = await make();
          await keep(subject);
          await subject.other.close();
          await subject.backend.close();
        });
      });
    }
  });
}
