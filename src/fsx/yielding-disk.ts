import type { Disk } from './disk.js';
import { surroundDisk } from './surround-disk.js';

/** A signal is seen within this time, besides what one operation or one computation takes. */
const TURN_MS = 50;
let turnedAt = 0;

/** Resolves after the event loop had a turn: signals, timers and input that came meanwhile are seen. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      turnedAt = Date.now();
      resolve();
    });
  });
}

/**
 * Yields to the event loop if it had no turn for a while; undefined if it had. Loops that do not
 * otherwise wait for anything call it, since nothing else would let a signal through.
 */
export function yieldToEvents(): Promise<void> | undefined {
  // Not `performance`, which Node loads when it is first used (0.6 ms of each start). A clock that was set makes
  // one turn come early.
  return Math.abs(Date.now() - turnedAt) < TURN_MS ? undefined : turn();
}

/**
 * The same disk, which yields to the event loop between operations. Small operations of the real disk
 * are synchronous inside their promise, so that a loop over a million files would never see Ctrl-C.
 */
export function yieldingDisk(inner: Disk): Disk {
  // A promise of its own for each operation would make reading a tree of small files a quarter slower.
  return surroundDisk(inner, (_operation, _path, run) => {
    const turned = yieldToEvents();
    return turned === undefined ? run() : turned.then(run);
  });
}
