/** How often which call met which fault in which phase. */
export class Coverage {
  readonly #met = new Map<string, number>();

  note(call: string, fault: string, phase: string): void {
    const key = `${call} × ${fault} × ${phase}`;
    this.#met.set(key, (this.#met.get(key) ?? 0) + 1);
  }

  /** The counts by one part or more of the triple. */
  by(...parts: readonly (0 | 1 | 2)[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const [key, n] of this.#met) {
      const triple = key.split(' × ');
      const name = parts.map((part) => triple[part]).join(' × ');
      counts.set(name, (counts.get(name) ?? 0) + n);
    }
    return counts;
  }
}
