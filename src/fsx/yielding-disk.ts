import type { Disk } from './disk.js';
import { surroundDisk } from './surround-disk.js';

/** Signals are seen within this time, plus the duration of one operation or computation. */
const TURN_MS = 50;
let turnedAt = 0;

/** Resolves after a turn of the event loop, in which pending signals, timers and input are handled. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      turnedAt = Date.now();
      resolve();
    });
  });
}

/**
 * Yields to the event loop if it had no turn for a while; otherwise returns undefined. For loops that do not
 * otherwise wait: nothing else would let a signal through.
 */
export function yieldToEvents(): Promise<void> | undefined {
  // Not `performance`, which Node loads on first use (0.6 ms of each start). If the clock is changed, one turn comes
  // early.
  return Math.abs(Date.now() - turnedAt) < TURN_MS ? undefined : turn();
}

/**
 * The same disk, yielding to the event loop between operations. Small operations of the real disk are synchronous
 * inside their promise, so a loop over a million files would never see Ctrl-C.
 */
export function yieldingDisk(inner: Disk): Disk {
  // A separate promise for each operation would slow down reading a tree of small files by a quarter.
  return surroundDisk(inner, (_operation, _path, run) => {
    const turned = yieldToEvents();
    return turned === undefined ? run() : turned.then(run);
  });
}
