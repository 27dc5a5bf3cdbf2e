import { expect } from 'vitest';
import { bytesOf, entry, type Promised, textOf } from './subject.js';

export const LEDGER: readonly Promised[] = [
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
      backend.ledger.refresh();
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
