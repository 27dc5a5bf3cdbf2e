import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Trace } from '../core/effects.js';
import { isErrno } from '../errors/hs-error.js';
import type { Disk } from './disk.js';
import { surroundDisk } from './surround-disk.js';

const STANDARD_ERROR = 2;
const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;

/**
 * Writes each event as a line of JSON, to standard error for `1` or `2`, else appended to the named file, which only
 * its owner can read. Lines are written at once, so that a trace is complete up to a crash. Errors: those of opening
 * the file.
 */
export function openTrace(target: string): Trace {
  const fd =
    target === '1' || target === '2'
      ? STANDARD_ERROR
      : openSync(target, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  let open = true;
  return (event) => {
    if (!open) return;
    try {
      writeSync(fd, `${JSON.stringify({ at: new Date().toISOString(), pid: process.pid, ...event })}\n`);
    } catch {
      // A full disk or a closed pipe ends the trace, not the command.
      open = false;
      if (fd !== STANDARD_ERROR) closeSync(fd);
    }
  };
}

/** Traces each operation of a disk with its duration and error, never its data. */
export function traceDisk(inner: Disk, trace: Trace): Disk {
  return surroundDisk(inner, async (operation, path, run) => {
    const began = performance.now();
    const tell = (error?: string) =>
      trace({
        event: 'disk',
        operation,
        path,
        ms: Math.round((performance.now() - began) * 1000) / 1000,
        ...(error === undefined ? {} : { error }),
      });
    try {
      const result = await run();
      tell();
      return result;
    } catch (e) {
      tell(isErrno(e) ? e.code : (e as Error).name);
      throw e;
    }
  });
}
