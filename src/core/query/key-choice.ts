import {
  derivedKey,
  ENDING,
  endingKey,
  JOBS,
  labelKey,
  NAMES,
  PINNED,
  word,
} from '../catalog/catalog-keys.js';
import type { ArtifactId, Timestamp } from '../objects/ids.js';
import { timestampMs } from '../objects/ids.js';
import type { Condition } from './condition.js';
import { labelIn } from './fields.js';

/** Keys that lead to every artifact that meets a condition, and to others that may not. */
export interface KeyRange {
  readonly prefixes: readonly string[];
  /** They end before this one. */
  readonly end?: string;
  /** Whether they come in the order of the ledger, the newest first. */
  readonly ordered: boolean;
}

/** Special characters of globs; a word without any matches only itself. */
const IN_GLOBS = /[*?[\]{}()!+@|\\]/;
/** What a glob begins with, as far as keys have words as they are. */
const LITERAL = /^[!-~]*?(?=[*?[\]{}()!+@|\\])/;

/** Keys of the words of a table that the value matches; words that keys have as a hash come after a space. */
function wordRange(table: string, value: string): KeyRange {
  if (!IN_GLOBS.test(value)) return { prefixes: [`${table}${word(value)}/`], ordered: true };
  const literal = LITERAL.exec(value)?.[0] ?? '';
  return { prefixes: literal === '' ? [table] : [`${table} `, table + literal], ordered: false };
}

function rangeOf({ key, operator, value }: Condition, facts: boolean, now: Timestamp): KeyRange | undefined {
  if (operator === '=' && key === 'source') {
    return { prefixes: [derivedKey(value as ArtifactId)], ordered: true };
  }
  if (key === 'pinned' ? operator === 'has' : key === 'pin' && operator !== '!=' && operator !== 'lacks') {
    return { prefixes: [PINNED], ordered: true };
  }
  if (key === 'expired' && operator === 'has') {
    return { prefixes: [ENDING], end: endingKey(timestampMs(now) + 1), ordered: false };
  }
  if (key === 'expires' && (operator === '<' || operator === '<=')) {
    return { prefixes: [ENDING], end: endingKey((value as number) + 1), ordered: false };
  }
  const label = labelIn(key);
  const isAsked = operator === '=' || operator === 'has';
  const table = key === 'name' ? NAMES : !facts ? undefined : key === 'job' ? JOBS : label && labelKey(label);
  if (!isAsked || table === undefined) return undefined;
  return operator === 'has' ? { prefixes: [table], ordered: false } : wordRange(table, value as string);
}

/** The ranges of keys by which the artifacts that meet all conditions can be found, one for each that has one. */
export function keyRanges(
  conditions: readonly Condition[],
  {
    facts,
    now,
  }: { /** The store has the feature `facts-2`. */ readonly facts: boolean; readonly now: Timestamp },
): KeyRange[] {
  return conditions.map((c) => rangeOf(c, facts, now)).filter((range) => range !== undefined);
}
