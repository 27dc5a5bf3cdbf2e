/** A map that knows the order of its keys, so that a few of many are listed at their own cost. */
export class SortedMap<V> extends Map<string, V> {
  readonly #sorted: string[] = [];

  get sorted(): readonly string[] {
    return this.#sorted;
  }

  /** The place of the first key that is not before this one. */
  from(key: string): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  override set(key: string, value: V): this {
    if (!this.has(key)) this.#sorted.splice(this.from(key), 0, key);
    return super.set(key, value);
  }

  override delete(key: string): boolean {
    if (this.has(key)) this.#sorted.splice(this.from(key), 1);
    return super.delete(key);
  }

  override clear(): void {
    this.#sorted.length = 0;
    super.clear();
  }
}
