import { fstatSync } from 'node:fs';
import { systemProgram } from './system-programs.js';

/**
 * Calls `gone` when nobody reads the pipe any more that this descriptor writes to, until the returned
 * function is called. Only a write tells a program of that, and who waits for news has nothing to write;
 * Node cannot poll a pipe for errors. So tail(1) of coreutils, which does, waits on the same pipe. Where it
 * is another tail, nothing is told. It ends with this process, however that ends.
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
