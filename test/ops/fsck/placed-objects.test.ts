import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sha256 } from '../../../src/core/objects/hash.js';
import type { ObjectId } from '../../../src/core/objects/ids.js';
import { ObjectMarks, PlacedObjects } from '../../../src/ops/fsck/placed-objects.js';
import type { ObjectGroup } from '../../../src/store/port/inventory.js';

const idOf = (n: number): ObjectId => sha256(Buffer.from(String(n)));

const group = fc.record({
  batch: fc.constantFrom(undefined, undefined, 'b1', 'b2'),
  objects: fc.uniqueArray(fc.record({ n: fc.nat(60), size: fc.nat(9) }), {
    selector: ({ n }) => n,
    maxLength: 12,
  }),
});

function groupOf(name: string, batch: string | undefined, objects: ObjectGroup['objects']): ObjectGroup {
  const place = {
    nameOf: () => name,
    size: async () => undefined,
    open: () => Promise.reject(new Error(name)),
    close: async () => undefined,
  };
  return { ...place, ...(batch === undefined ? {} : { batch }), objects };
}

it('knows every copy, and of an object with several the one in use', () => {
  fc.assert(
    fc.property(
      fc.array(group, { maxLength: 12 }),
      fc.boolean(),
      fc.nat(40),
      (groups, isDistinct, expected) => {
        const placed = new PlacedObjects(expected);
        const rows: { id: ObjectId; size: number; batch: string | undefined; at: number }[] = [];
        for (const [at, { batch, objects }] of groups.entries()) {
          const made = objects.map(({ n, size }) => ({ id: idOf(isDistinct ? n + 100 * at : n), size }));
          placed.addAll(groupOf(`g${at}`, batch, made));
          for (const o of made) rows.push({ ...o, batch, at });
        }
        const told = [...placed].map(({ id, size, place }) => ({
          id,
          size,
          batch: place.batch,
          at: place.nameOf(id),
        }));
        expect(told).toEqual(rows.map((row) => ({ ...row, at: `g${row.at}` })));
        expect([...placed.groups()].map(({ objects }) => [...objects].length)).toEqual(
          groups.map(({ objects }) => objects.length),
        );
        const ids = [...new Set(rows.map(({ id }) => id))];
        expect(placed.size).toBe(ids.length);
        expect(ids.map((id) => placed.numberOf(id))).toEqual(ids.map((_, n) => n));
        for (const id of ids) {
          const copies = rows.filter((row) => row.id === id);
          const used = copies.findLast(({ batch }) => batch === undefined) ?? copies[0]!;
          expect(placed.get(id)).toMatchObject({ id, size: used.size });
          expect(placed.get(id)!.place.nameOf(id)).toBe(`g${used.at}`);
          const number = placed.numberOf(id);
          expect(placed.isInUse(number)).toBe(used.batch === undefined);
          expect(placed.isInUse(number, used.size + 1)).toBe(false);
        }
        const marks = new ObjectMarks(placed);
        const reached = ids.filter((_, n) => n % 3 === 0);
        for (const id of reached) marks.add(id);
        const sum = (of: typeof rows) => ({
          objects: of.length,
          size_bytes: of.reduce((all, r) => all + r.size, 0),
        });
        const trash = rows.filter(({ batch }) => batch !== undefined);
        expect(placed.usage(marks)).toEqual({
          unreferenced: sum(rows.filter(({ id, batch }) => batch === undefined && !reached.includes(id))),
          trash: { batches: new Set(trash.map(({ batch }) => batch)).size, ...sum(trash) },
        });
        expect(placed.bytes).toBe(sum(rows).size_bytes);
      },
    ),
    { numRuns: 300 },
  );
});
