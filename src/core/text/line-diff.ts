/** Lines `from` to `to` of a text, counted from 0; `to` is exclusive. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Lines of the text before that are replaced by lines of the text after. */
export interface LineChange {
  readonly before: Range;
  readonly after: Range;
}

/** With more edits, whatever lies between the equal ends counts as replaced: the search takes their square. */
const MOST_EDITS = 2000;

/** Numbers for lines, equal for equal ones. */
function numbered(texts: readonly (readonly string[])[]): Int32Array[] {
  const numbers = new Map<string, number>();
  return texts.map((lines) =>
    Int32Array.from(lines, (line) => {
      const known = numbers.get(line) ?? numbers.size;
      numbers.set(line, known);
      return known;
    }),
  );
}

/** What changed between two texts, by the shortest script of edits (Myers), in order. */
export function lineChanges(before: readonly string[], after: readonly string[]): LineChange[] {
  const [a, b] = numbered([before, after]) as [Int32Array, Int32Array];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [from, to] = [a.subarray(start, a.length - end), b.subarray(start, b.length - end)];
  const kept = from.length === 0 || to.length === 0 ? [] : commonLines(from, to);
  const changes: LineChange[] = [];
  let [x, y] = [0, 0];
  for (const [i, j] of [...kept, [from.length, to.length] as const]) {
    if (i > x || j > y) {
      changes.push({ before: { from: start + x, to: start + i }, after: { from: start + y, to: start + j } });
    }
    [x, y] = [i + 1, j + 1];
  }
  return changes;
}

/** Positions of lines that stay, in order. */
function commonLines(a: Int32Array, b: Int32Array): (readonly [number, number])[] {
  const most = Math.min(a.length + b.length, MOST_EDITS);
  const furthest = new Int32Array(2 * most + 3);
  const at = most + 1;
  const rounds: Int32Array[] = [];
  for (let d = 0; d <= most; d++) {
    rounds.push(furthest.slice(at - d - 1, at + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && furthest[at + k - 1]! < furthest[at + k + 1]!);
      let x = down ? furthest[at + k + 1]! : furthest[at + k - 1]! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      furthest[at + k] = x;
      if (x >= a.length && x - k >= b.length) return backtrack(rounds, a.length, b.length);
    }
  }
  return [];
}

function backtrack(rounds: readonly Int32Array[], n: number, m: number): (readonly [number, number])[] {
  const kept: (readonly [number, number])[] = [];
  let [x, y] = [n, m];
  for (let d = rounds.length - 1; d >= 0; d--) {
    const row = rounds[d]!;
    const value = (k: number) => row[k + d + 1]!;
    const k = x - y;
    const down = k === -d || (k !== d && value(k - 1) < value(k + 1));
    const begin = d === 0 ? 0 : value(down ? k + 1 : k - 1);
    const from = d === 0 ? 0 : down ? begin : begin + 1;
    while (x > from) kept.push([--x, --y]);
    [x, y] = [begin, begin - (down ? k + 1 : k - 1)];
  }
  return kept.reverse();
}
