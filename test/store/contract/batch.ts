import { expect } from 'vitest';
import { sha256 } from '../../../src/core/objects/hash.js';
import { ObjectStore } from '../../../src/store/objects/object-store.js';
import { bytesOf, listed, type Promised, sourceOf, store, takeOut, textOf, under } from './subject.js';

export const BATCH: readonly Promised[] = [
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
    'takes an object in pieces, whatever its size, and keeps the same bytes once',
    async ({ backend, other }) => {
      await under(backend, async ({ token }) => {
        const text = 'pi is 3.14159\n';
        for (const bytes of [
          Buffer.alloc(9, text),
          Buffer.alloc(70_000, text),
          Buffer.alloc(3_000_000, text),
        ]) {
          function* pieces() {
            for (let at = 0; at < bytes.length; at += 65_000) yield bytes.subarray(at, at + 65_000);
          }
          const batch = backend.batch(token);
          const added = await batch.addPieces(pieces);
          expect(added).toEqual({ id: sha256(bytes), size: bytes.length });
          // As after a lost race.
          expect(await batch.addPieces(pieces)).toEqual(added);
          await batch.publish();
          expect(await batch.addBytes(bytes, { apart: true })).toEqual(added);
          expect(await batch.addPieces(pieces)).toEqual(added);
          await batch.publish();
          const objects = new ObjectStore(other.objects);
          expect(Buffer.from(await objects.read(added.id)).equals(bytes)).toBe(true);
          const broken = function* () {
            yield* pieces();
            throw new Error('no more');
          };
          await expect(batch.addPieces(broken)).rejects.toThrow('no more');
          await batch.discard();
        }
        expect(await other.inventory.staged()).toEqual([]);
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
    'references many at once: those in use, those in the trash, and none that is missing',
    async ({ backend, other }) => {
      const texts = [...Array(400).keys()].map((n) => `object ${n}`);
      const ids = await store(backend, ...texts);
      await takeOut(
        backend,
        ids.filter((_, n) => n % 4 > 0),
      );
      await under(other, async ({ token }) => {
        const batch = other.batch(token);
        await expect(batch.referenceAll([...ids, sha256(bytesOf('no'))])).rejects.toMatchObject({
          code: 'OBJECT_MISSING',
        });
        await batch.referenceAll(ids);
        await batch.publish();
      });
      await other.objects.refresh();
      const sizes = await other.objects.sizesInUse(ids);
      expect(ids.map((id) => sizes.get(id))).toEqual(texts.map((text) => text.length));
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
