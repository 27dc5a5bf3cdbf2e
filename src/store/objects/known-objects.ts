import { IdTable } from '../../core/objects/id-table.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { Inventory, ObjectGroup } from '../port/inventory.js';
import type { ObjectStore } from './object-store.js';

/** Looks up each object of a group: `known` is told its number in the table, `unknown` those that it lacks. */
export function lookUp(
  { digests, objects }: ObjectGroup,
  ids: IdTable,
  known: (number: number) => void,
  unknown?: (id: ObjectId) => void,
): void {
  if (digests === undefined) {
    for (const { id } of objects) {
      const number = ids.numberOf(id);
      if (number >= 0) known(number);
      else unknown?.(id);
    }
    return;
  }
  const { bytes, stride } = digests;
  const numbers = ids.numbersOf(digests);
  for (let n = 0, at = 0; n < numbers.length; n++, at += stride) {
    if (numbers[n]! >= 0) known(numbers[n]!);
    else unknown?.(bytes.toString('hex', at, at + ID_BYTES) as ObjectId);
  }
}

const ID_BYTES = 32;

/** Looks up each object of a group: `known` is told its number in the table; returned are those that it lacks. */
export function lookUpAll(
  group: ObjectGroup,
  ids: IdTable,
  known: (number: number) => void = () => {},
): ObjectId[] {
  const unknown: ObjectId[] = [];
  lookUp(group, ids, known, (id) => unknown.push(id));
  return unknown;
}

/** From this many objects on, one listing of all is cheaper than a lookup of each. */
const MANY = 1000;

interface Where {
  readonly inventory: Inventory;
  readonly objects: ObjectStore;
}

/** Answers of each of these objects whether it is there, in use or in the trash; many are listed beforehand. */
export async function presenceOf(
  { inventory, objects }: Where,
  wanted: Iterable<ObjectId>,
): Promise<(id: ObjectId) => Promise<boolean>> {
  const ids = new IdTable();
  for (const id of wanted) ids.add(id);
  const present = new Uint8Array(ids.size);
  const see = (number: number) => {
    present[number] = 1;
  };
  if (ids.size >= MANY) for await (const group of inventory.groups()) lookUp(group, ids, see);
  // One that was moved while all were listed may have been missed.
  return async (id) => present[ids.numberOf(id)] === 1 || objects.has(id);
}

/** Those of these objects that are nowhere, neither in use nor in the trash. */
export async function missingAmong(
  store: Where,
  wanted: ReadonlySet<ObjectId>,
): Promise<ReadonlySet<ObjectId>> {
  const isThere = await presenceOf(store, wanted);
  const missing = new Set<ObjectId>();
  for (const id of wanted) if (!(await isThere(id))) missing.add(id);
  return missing;
}
