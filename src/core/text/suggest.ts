/** The nearest of `candidates` by edit distance, if it is close enough to be a likely typo. */
export function didYouMean(typed: string, candidates: Iterable<string>): string | undefined {
  return nearest(typed, candidates, 1)[0];
}

/** The `candidates` close enough to be a likely typo, nearest first, at most `most`. */
export function nearest(typed: string, candidates: Iterable<string>, most: number): string[] {
  const limit = Math.max(1, Math.floor(typed.length / 3)) + 1;
  const near: [distance: number, candidate: string][] = [];
  for (const candidate of candidates) {
    const d = distance(typed, candidate, limit);
    if (d < limit) near.push([d, candidate]);
  }
  near.sort(([a], [b]) => a - b);
  return near.slice(0, most).map(([, candidate]) => candidate);
}

/** Edit distance: insertions, deletions, substitutions and transpositions; at least `limit` when there are more. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let d = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        d = Math.min(d, before[j - 2]! + 1);
      row.push(d);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
