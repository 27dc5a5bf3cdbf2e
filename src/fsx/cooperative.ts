import { yieldToEvents } from './yielding-disk.js';

/** How many steps of a computation are taken before the clock is looked at. */
const STEPS = 64;

/** Runs a long computation to its end, and yields to the event loop in between; returns its result. */
export async function cooperatively<T>(steps: Generator<unknown, T>): Promise<T> {
  for (let n = 1; ; n++) {
    const { done, value } = steps.next();
    if (done) return value;
    if (n % STEPS === 0) await yieldToEvents();
  }
}

/** Collects a long iteration into an array, and yields to the event loop in between. */
export function gatherCooperatively<T>(items: Iterable<T>): Promise<T[]> {
  return cooperatively(
    (function* () {
      const all: T[] = [];
      for (const item of items) {
        all.push(item);
        yield;
      }
      return all;
    })(),
  );
}
