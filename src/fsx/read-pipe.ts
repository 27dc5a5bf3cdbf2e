import { closeSync, createReadStream, fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { openToRead } from './node/open.js';

/**
 * The bytes of a pipe or a device by its path, links followed: a named pipe waits for a writer, without a thread that
 * nobody could interrupt; so does a terminal for what is typed. To be destroyed. EINVAL for a socket.
 */
export async function readPipe(path: string): Promise<Readable> {
  const fd = openToRead(path, true);
  try {
    const { isatty, ReadStream } = await import('node:tty');
    if (isatty(fd)) return new ReadStream(fd);
    if (!fstatSync(fd).isFIFO()) return createReadStream('', { fd });
    const { Socket } = await import('node:net');
    return new Socket({ fd, readable: true, writable: false });
  } catch (e) {
    closeSync(fd);
    throw e;
  }
}
