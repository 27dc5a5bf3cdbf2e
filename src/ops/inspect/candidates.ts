import {
  type ArtifactRecord,
  compareRegistration,
  type Registration,
} from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { placeKey } from '../../core/catalog/catalog-keys.js';
import { RecordList } from '../../core/catalog/record-list.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import type { Condition } from '../../core/query/condition.js';
import { type KeyRange, keyRanges } from '../../core/query/key-choice.js';

/** So many keys of each condition are looked at to find the one that has the fewest. */
const PROBED = 256;
/** More places than this are not put in order: all artifacts are read instead. */
const MOST_PLACES = 50_000;

async function read(
  catalog: Catalog,
  range: KeyRange,
  after?: Registration,
): Promise<RecordList | undefined> {
  const { prefixes, end, ordered } = range;
  if (ordered) return catalog.under(prefixes[0]!, after);
  const places = await catalog.places(prefixes, end, MOST_PLACES + 1);
  if (places.length > MOST_PLACES) return undefined;
  const from = after && placeKey(after);
  return new RecordList(async function* () {
    for (const place of places.sort()) {
      const record = from === undefined || place > from ? await catalog.at(place) : undefined;
      if (record !== undefined) yield [record];
    }
  });
}

/** Of several ranges the one with the fewest keys, as far as a look at the first of them tells. */
async function shortest(catalog: Catalog, ranges: readonly KeyRange[]): Promise<KeyRange | undefined> {
  if (ranges.length < 2) return ranges[0];
  let [best, fewest]: [KeyRange | undefined, number] = [undefined, PROBED];
  for (const range of ranges) {
    const { length } = await catalog.places(range.prefixes, range.end, fewest);
    if (length < fewest) [best, fewest] = [range, length];
  }
  return best ?? ranges.find((range) => range.ordered) ?? ranges[0];
}

/** The smallest set of candidates for the conditions, in blocks, newest first, after `after`; some may be removed. */
export async function* candidateRecords(
  catalog: Catalog,
  conditions: readonly Condition[],
  scope: Parameters<typeof keyRanges>[1],
  after?: Registration,
): AsyncGenerator<readonly ArtifactRecord[], void> {
  const id = conditions.find(({ key, operator }) => key === 'id' && operator === '=');
  if (id !== undefined) {
    const record = await catalog.get(id.value as ArtifactId);
    const isBehind = after === undefined || (record && compareRegistration(record.registered, after) < 0);
    yield record !== undefined && isBehind ? [record] : [];
    return;
  }
  const range = await shortest(catalog, keyRanges(conditions, scope));
  yield* ((range && (await read(catalog, range, after))) ?? catalog.live(after)).blocks();
}
