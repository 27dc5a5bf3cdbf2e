import { restrict } from './apply-plan.js';
import { type Judgements, numberOf } from './judgements.js';

const SENSITIVE_TTL = numberOf('sensitive_ttl');

/**
 * The judgements, pruning only artifacts that also match the filter; the others are kept as `unlisted`, and so are their
 * sources, direct or indirect through live artifacts: an artifact that only a filter keeps does not lose its
 * lineage. A sensitive source whose TTL has run out is removed all the same, as it would be under a pin.
 */
export function narrow(all: Judgements, matches: (row: number) => boolean): Judgements {
  const { artifacts } = all.input;
  const going = new Set<number>();
  const open: number[] = [];
  for (const row of all.pruned) {
    if (matches(row)) going.add(row);
    else open.push(row);
  }
  const seen = new Set(open);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const number of artifacts.sourcesOf(next) ?? []) {
      const source = artifacts.rowOfSource(number);
      if (source < 0 || seen.has(source)) continue;
      seen.add(source);
      if (all.rules[source] !== SENSITIVE_TTL) going.delete(source);
      open.push(source);
    }
  }
  return restrict(all, going);
}
