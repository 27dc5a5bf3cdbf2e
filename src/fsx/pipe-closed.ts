import { fstatSync } from 'node:fs';
import { systemProgram } from './system-programs.js';

/**
 * Calls `gone` when the last reader of the pipe at this descriptor closes it, until the returned function is called.
 * A program only notices on a write, and a waiting one has nothing to write; Node cannot poll a pipe for errors. So
 * tail(1) of coreutils, which can, waits on the same pipe; with any other tail, `gone` is never called. The tail ends
 * with this process, however that ends.
 */
export async function whenReaderGoes(descriptor: number, gone: () => void): Promise<() => void> {
  const tail = systemProgram('tail');
  if (tail === undefined || !fstatSync(descriptor).isFIFO()) return () => {};
  const { spawn } = await import('node:child_process');
  const child = spawn(tail, ['-f', `--pid=${process.pid}`, '/dev/null'], {
    stdio: ['ignore', descriptor, 'ignore'],
    env: {},
  });
  child.on('error', () => {});
  child.on('exit', (_, signal) => {
    if (signal === 'SIGPIPE') gone();
  });
  child.unref();
  return () => {
    child.kill('SIGKILL');
  };
}
