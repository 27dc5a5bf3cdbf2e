import { expect } from 'vitest';
import { isErrno } from '../../../src/errors/hs-error.js';
import { erase, listed, type Promised, row, store, takeOut, under } from './subject.js';

export const INVENTORY: readonly Promised[] = [
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
];
