import { yieldToEvents } from './yielding-disk.js';

/** Steps of a computation between checks of the clock. */
const STEPS = 64;

/** Runs a long computation, yielding to the event loop in between; returns its result. */
export async function cooperatively<T>(steps: Generator<unknown, T>): Promise<T> {
  for (let n = 1; ; n++) {
    const { done, value } = steps.next();
    if (done) return value;
    if (n % STEPS === 0) await yieldToEvents();
  }
}
