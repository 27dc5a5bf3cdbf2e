import { type HsError, isHsError } from '../../src/errors/hs-error.js';
import { Rng } from '../sim/rng.js';
import { mutate } from './mutate.js';

/** A reader of bytes that somebody else may have written. */
export interface Reader {
  readonly name: string;
  /** The name of its limit, in bytes or characters; none where the caller holds the bytes to another's. */
  readonly limit?: readonly [name: string, bytes: number];
  /** Inputs to begin with, beside what of the fixtures it takes. */
  readonly seeds: readonly (string | Uint8Array)[];
  /** One execution takes as long as ten of others: it gets a tenth of theirs. */
  readonly costly?: true;
  /** Makes a changed input right again where nearly every change would be found by a sum. */
  readonly mend?: (data: Buffer) => Buffer;
  /** Reads; throws what it throws, and an Error when it took what it must not. A text it returns is a kind of outcome. */
  readonly read: (data: Buffer) => unknown;
}

export interface Finding {
  readonly reader: string;
  readonly input: Buffer;
  readonly why: string;
}

export interface Tally {
  readonly executions: number;
  readonly taken: number;
  readonly refused: number;
  /** Kinds of outcome that were seen; an input with a new one is changed further. */
  readonly outcomes: number;
}

/** Processor time for one input of at most 16 KiB. What is linear takes a thousandth of it. */
export const MOST_CPU_MS = 2_000;
const MOST_INPUTS = 300;
const SLOW_MS = 200;

/** The kind of outcome: the code and the message without what it quotes. */
function kindOf(e: HsError): string {
  const message = e.message.slice(0, 1000).replace(/(["'`]).*?(?:\1|$)/gs, '#');
  return `${e.code} ${message.replace(/[0-9a-f-]{4,}|\d+|at position.*/g, '#').slice(0, 80)}`;
}

interface Outcome {
  readonly taken: boolean;
  readonly kind: string;
}

/** Throws what no reader may throw. */
async function outcomeOf(reader: Reader, input: Buffer): Promise<Outcome> {
  try {
    let result = reader.read(input);
    // Most readers are done at once, and a tick of the loop for each takes longer than they do.
    if (result instanceof Promise) result = await result;
    return { taken: true, kind: typeof result === 'string' ? result : '' };
  } catch (e) {
    if (isHsError(e) && e.code !== 'BUG') return { taken: false, kind: kindOf(e) };
    throw e;
  }
}

async function cpuMs(reader: Reader, input: Buffer): Promise<number> {
  const before = process.cpuUsage();
  await outcomeOf(reader, input).catch(() => undefined);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** What is wrong with how a reader treats an input; undefined: nothing. */
export async function complaint(
  reader: Reader,
  input: Buffer,
  most = MOST_CPU_MS,
): Promise<string | undefined> {
  const since = performance.now();
  try {
    await outcomeOf(reader, input);
  } catch (e) {
    return e instanceof Error ? `${e.name}: ${e.message}\n${e.stack}` : String(e);
  }
  // Only what was slow is measured: a busy machine makes everything slow, and takes no processor time.
  if (performance.now() - since < SLOW_MS) return undefined;
  const ms = Math.min(await cpuMs(reader, input), await cpuMs(reader, input));
  return ms > most ? `takes ${Math.round(ms)} ms of processor time` : undefined;
}

/** The inputs changed by one reader's run: those it began with, and those that led to something new. */
class Corpus {
  readonly #inputs: Buffer[];
  readonly #kinds = new Set<string>();

  constructor(inputs: readonly Buffer[]) {
    this.#inputs = [...inputs];
  }

  get kinds(): number {
    return this.#kinds.size;
  }

  pick(rng: Rng): Buffer {
    return rng.pick(this.#inputs);
  }

  learn(kind: string, input: Buffer): void {
    if (this.#kinds.has(kind)) return;
    this.#kinds.add(kind);
    if (this.#inputs.length < MOST_INPUTS) this.#inputs.push(Buffer.from(input));
  }
}

export interface FuzzOptions {
  readonly executions: number;
  readonly seed: number;
  /** Told every input before it is read, so that one without an end is known. */
  readonly before?: (input: Buffer) => void;
}

/**
 * Lets a reader read changed inputs, the same ones for the same seed. An input whose outcome has not been seen is kept
 * and changed further. Stops at the first finding.
 */
export async function fuzz(
  reader: Reader,
  fixtures: readonly Buffer[],
  { executions, seed, before }: FuzzOptions,
): Promise<{ readonly tally: Tally; readonly finding?: Finding }> {
  const rng = new Rng(seed);
  const seeds = [...reader.seeds.map((s) => Buffer.from(s)), ...fixtures];
  if (seeds.length === 0) throw new Error(`nothing to begin with for the reader of a ${reader.name}`);
  const corpus = new Corpus(seeds);
  let taken = 0;
  let refused = 0;
  for (let n = 0; n < executions; n++) {
    let input = n < seeds.length ? seeds[n]! : mutate(corpus.pick(rng), corpus.pick(rng), rng);
    if (reader.mend !== undefined && n >= seeds.length && rng.chance(0.8)) input = reader.mend(input);
    before?.(input);
    const since = performance.now();
    const outcome = await outcomeOf(reader, input).catch(() => undefined);
    if (outcome?.taken) taken++;
    else refused++;
    if (outcome !== undefined) {
      corpus.learn(outcome.kind, input);
      if (performance.now() - since < SLOW_MS) continue;
    }
    const why = await complaint(reader, input);
    if (why === undefined) continue;
    const tally = { executions: n + 1, taken, refused, outcomes: corpus.kinds };
    return { tally, finding: { reader: reader.name, input, why } };
  }
  return { tally: { executions, taken, refused, outcomes: corpus.kinds } };
}

/** Those of the fixtures that the reader takes, the shortest first, as far as they are short. */
export async function takenBy(reader: Reader, fixtures: readonly Buffer[]): Promise<Buffer[]> {
  const taken: Buffer[] = [];
  for (const input of [...fixtures].sort((a, b) => a.length - b.length)) {
    if (taken.length === 24) break;
    if (input.length <= 8192 && (await outcomeOf(reader, input).catch(() => undefined))?.taken)
      taken.push(input);
  }
  return taken;
}
