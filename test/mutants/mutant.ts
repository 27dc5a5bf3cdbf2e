/** A test that must fail with a mutant: its file, and a part of its name. */
export interface Harness {
  readonly file: string;
  readonly test: string;
}

/** One deliberate fault, made in a copy of the sources that only its harness sees. */
export interface Mutant {
  readonly name: string;
  /** What the program then does wrong. */
  readonly fault: string;
  /** Below `src/`. */
  readonly file: string;
  /** Each text must be in the file exactly once; `to` takes its place. */
  readonly edits: readonly { readonly from: string; readonly to: string }[];
  readonly caughtBy: Harness;
  /** Within so many seeds, the simulation catches it as well. */
  readonly seeds?: number;
}

/** The source with the fault. Throws where a text is not there exactly once. */
export function mutate({ name, file, edits }: Mutant, source: string): string {
  let mutated = source;
  for (const { from, to } of edits) {
    const count = mutated.split(from).length - 1;
    if (count !== 1) throw new Error(`mutant '${name}': src/${file} has this ${count} times: ${from}`);
    mutated = mutated.replace(from, () => to);
  }
  return mutated;
}
