/**
 * Indexes of `keys` in ascending order, stable: a radix sort over 16 bits at a time. Keys are integers from 0 to 2^53.
 * Sorting 100,000 rows with a comparator takes longer than a key press may (50 ms, bench/preview).
 */
export function risingOrder(keys: Float64Array): Uint32Array {
  const n = keys.length;
  let order = new Uint32Array(n);
  let spare = new Uint32Array(n);
  const halves = new Uint32Array(n);
  const digits = new Uint16Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  for (const half of [1, 2 ** 32]) {
    // 32-bit integers from here on: the remainder of a larger number takes five times as long.
    let all = 0;
    for (let i = 0; i < n; i++) {
      halves[i] = half === 1 ? keys[i]! >>> 0 : keys[i]! / half;
      all |= halves[i]!;
    }
    for (const shift of [0, 16]) {
      if (all >>> shift === 0) continue;
      const starts = new Uint32Array(0x10001);
      for (let i = 0; i < n; i++) {
        const digit = (halves[i]! >>> shift) & 0xffff;
        digits[i] = digit;
        starts[digit + 1]!++;
      }
      for (let d = 1; d <= 0x10000; d++) starts[d]! += starts[d - 1]!;
      for (let i = 0; i < n; i++) {
        const place = order[i]!;
        spare[starts[digits[place]!]!++] = place;
      }
      [order, spare] = [spare, order];
    }
  }
  return order;
}

/** For each of `texts` its rank among the distinct ones, ignoring case first and then by case. */
export function ranks(texts: readonly string[]): Float64Array {
  // Compared without a callback: sorting 100,000 takes half as long.
  const keys = texts.map((text) => `${text.toLowerCase()}\0${text}`);
  const rank = new Map([...new Set(keys)].sort().map((key, i) => [key, i]));
  const found = new Float64Array(keys.length);
  for (let i = 0; i < found.length; i++) found[i] = rank.get(keys[i]!)!;
  return found;
}
