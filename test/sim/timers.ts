/**
 * Takes the place of `node:timers/promises` in a simulation, so that nothing waits for real time. Whoever sleeps gets
 * a turn like any other.
 */
let sleeper: (ms: number) => Promise<void> = async () => {};

export function sleepBy(sleep: (ms: number) => Promise<void>): void {
  sleeper = sleep;
}

export async function setTimeout<T>(ms: number, value?: T): Promise<T | undefined> {
  await sleeper(ms);
  return value;
}

export const setImmediate = <T>(value?: T) => setTimeout(0, value);
