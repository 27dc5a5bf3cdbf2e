import { HsError } from '../../errors/hs-error.js';

export type Pair = readonly [key: string, value: string];

/** Parses `KIND:ID` and the like: the parts before and after the first separator. */
export function pair(separator: string, form: string): (raw: string) => Pair {
  return (raw) => {
    const at = raw.indexOf(separator);
    if (at < 1) throw new HsError('USAGE', `'${raw}' is not of the form ${form}`);
    return [raw.slice(0, at), raw.slice(at + 1)];
  };
}

export const keyAndValue = pair('=', 'KEY=VALUE');

/** Labels by key; a duplicate key is ambiguous, and refused. */
export function labelsOf(pairs: readonly Pair[]): Readonly<Record<string, string>> {
  const labels = new Map<string, string>();
  for (const [key, value] of pairs) {
    if (labels.has(key)) throw new HsError('USAGE', `the label '${key}' is given twice`);
    labels.set(key, value);
  }
  return Object.fromEntries(labels);
}
