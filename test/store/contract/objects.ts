import { expect } from 'vitest';
import { sha256 } from '../../../src/core/objects/hash.js';
import { ObjectStore } from '../../../src/store/objects/object-store.js';
import { bytesOf, erase, type Promised, store, takeOut, textOf } from './subject.js';

export const OBJECTS: readonly Promised[] = [
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
      const [used] = await store(backend, 'in use');
      await other.objects.refresh();
      const sizes = await other.objects.sizesInUse([id!, used!, sha256(bytesOf('no'))]);
      expect([...sizes]).toEqual([[used, 6]]);
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
