import { restrict } from './apply-plan.js';
import { type Judgements, numberOf } from './judgements.js';

const SENSITIVE_TTL = numberOf('sensitive_ttl');

/**
 * The judgements with nothing pruned but what matches as well; all else that they would prune is kept as `unlisted`. So is
 * what that was made from, direct or further back through live artifacts, whatever keeps these: no artifact that only a
 * filter keeps loses where it comes from. A sensitive one whose TTL is over goes all the same, as from under a pin.
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
