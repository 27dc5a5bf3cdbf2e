import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { yieldToEvents } from '../../src/fsx/yielding-disk.js';

/** Only what starts other programs, or draws on a terminal, is left. */
const ROOMS = ['archive', 'core', 'library', 'ops', 'store'];

/**
 * Loads what is imported when it is first used. That takes real time, in which other simulated processes go on: the
 * first run of a seed would be another one.
 */
export async function loadEverything(): Promise<void> {
  const src = join(import.meta.dirname, '../../src');
  for (const room of ROOMS) {
    for (const name of await readdir(join(src, room), { recursive: true })) {
      if (name.endsWith('.ts')) await import(join(src, room, name));
    }
  }
}

/** Runs while the system's clock stands still: by it, long loops give way to the event loop, and others go first. */
export async function byStillClock<T>(run: () => Promise<T>): Promise<T> {
  const { now } = Date;
  Date.now = () => 0;
  try {
    // What ran before had another clock: the first loop would give way.
    await yieldToEvents();
    return await run();
  } finally {
    Date.now = now;
  }
}
