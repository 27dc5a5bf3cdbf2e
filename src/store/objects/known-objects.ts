import type { IdTable } from '../../core/objects/id-table.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { ObjectGroup } from '../port/inventory.js';

/** Looks up each object of a group: `known` is told its number in the table; returned are those that it lacks. */
export function lookUpAll(
  { digests, objects }: ObjectGroup,
  ids: IdTable,
  known: (number: number) => void = () => {},
): ObjectId[] {
  const unknown: ObjectId[] = [];
  if (digests === undefined) {
    for (const { id } of objects) {
      const number = ids.numberOf(id);
      if (number >= 0) known(number);
      else unknown.push(id);
    }
    return unknown;
  }
  const { bytes, stride, count } = digests;
  for (let n = 0, at = 0; n < count; n++, at += stride) {
    const number = ids.numberOfDigest(bytes, at);
    if (number >= 0) known(number);
    else unknown.push(bytes.toString('hex', at, at + ID_BYTES) as ObjectId);
  }
  return unknown;
}

const ID_BYTES = 32;
