import type { Writable } from 'node:stream';
import { unlessAborted } from '../core/unless-aborted.js';
import { HsError } from '../errors/hs-error.js';

/** A stream that takes bytes: of Node, or of the web. */
export type ByteSink = Writable | WritableStream<Uint8Array>;

interface OpenSink {
  /** Waits until the stream takes more; false once it is closed. */
  write(bytes: Uint8Array): Promise<boolean>;
  release(): void;
}

function webSink(stream: WritableStream<Uint8Array>): OpenSink {
  if (stream.locked) throw new HsError('USAGE', 'the stream is locked to another writer');
  const writer = stream.getWriter();
  // A failed write says it too.
  writer.closed.catch(() => undefined);
  return {
    write: async (bytes) => {
      try {
        // The bytes are lent, and a sink may keep them.
        await writer.write(bytes.slice());
        return true;
      } catch {
        return false;
      }
    },
    release: () => writer.releaseLock(),
  };
}

function nodeSink(stream: Writable): OpenSink {
  let closed = stream.destroyed;
  // Of the write under way: a Transform that is destroyed never calls its callback.
  let unwritten = () => {};
  const end = () => {
    closed = true;
    unwritten();
  };
  stream.on('close', end).on('error', end);
  return {
    write: (bytes) =>
      new Promise((resolve) => {
        unwritten = () => resolve(false);
        if (closed || !stream.writable) resolve(false);
        else stream.write(bytes.slice(), (error) => resolve(error === null || error === undefined));
      }),
    release: () => stream.off('close', end).off('error', end),
  };
}

function sinkOf(stream: ByteSink): OpenSink {
  if (typeof (stream as Partial<WritableStream> | null)?.getWriter === 'function') {
    return webSink(stream as WritableStream<Uint8Array>);
  }
  if (typeof (stream as Partial<Writable> | null)?.write === 'function' && 'writable' in stream) {
    return nodeSink(stream as Writable);
  }
  throw new HsError('USAGE', 'the stream is neither a Writable nor a WritableStream');
}

/** The stream of a call; a write that waits for it throws the reason of the call's signal. */
export function openSink(stream: ByteSink, signal: AbortSignal): OpenSink {
  const { write, release } = sinkOf(stream);
  return { write: (bytes) => unlessAborted(write(bytes), signal), release };
}
