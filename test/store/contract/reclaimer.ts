import { expect } from 'vitest';
import type { ObjectId } from '../../../src/core/objects/ids.js';
import { collecting, erase, listed, type Promised, row, store, T0, takeOut } from './subject.js';

export const RECLAIMER: readonly Promised[] = [
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
    'moves what leaves an older batch into a new one of its window, and nothing else',
    async ({ backend }) => {
      const [now, again, stays] = await store(backend, 'without a window now', 'with a new one', 'stays');
      const [older] = await takeOut(backend, [now!, again!, stays!]);
      const batches = await takeOut(
        backend,
        [],
        (id) => (id === now ? 'zero' : 'kept'),
        [older!],
        (id, { name }) => name === older!.name && id !== stays,
      );
      const contents = new Map<string, readonly ObjectId[]>();
      for (const batch of batches) contents.set(batch.window, await backend.reclaimer.contents(batch));
      expect([contents.get('zero'), contents.get('kept'), contents.size]).toEqual([[now], [again], 2]);
      expect(await backend.reclaimer.contents(older!)).toEqual([stays]);
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
