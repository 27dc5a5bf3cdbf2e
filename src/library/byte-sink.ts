import type { Writable } from 'node:stream';
import { unlessAborted } from '../core/unless-aborted.js';
import { HsError, isErrno } from '../errors/hs-error.js';

/** A stream that takes bytes: of Node, or of the web. */
export type ByteSink = Writable | WritableStream<Uint8Array>;

interface OpenSink {
  /** Waits until the stream takes more; false once nobody reads it any more. Throws what the stream fails with. */
  write(bytes: Uint8Array): Promise<boolean>;
  release(failed: boolean): void;
}

/** Errors of a stream whose reader has gone. */
const GONE = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE'];

function isGone(failure: unknown): boolean {
  if (failure === undefined || failure === null || isErrno(failure, ...GONE)) return true;
  // What `Writable.toWeb` makes of a stream that was destroyed.
  return isErrno(failure, 'ABORT_ERR') && isErrno(failure.cause, 'ERR_STREAM_PREMATURE_CLOSE');
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
      } catch (e) {
        // Null: it has failed. Otherwise it was closed.
        if (writer.desiredSize !== null || isGone(e)) return false;
        throw e;
      }
    },
    release: () => writer.releaseLock(),
  };
}

const ignore = () => {};

function nodeSink(stream: Writable): OpenSink {
  let closed = stream.destroyed;
  let failure: unknown;
  // Of the write under way: a Transform that is destroyed never calls its callback.
  let unwritten = () => {};
  const end = (e?: unknown) => {
    closed = true;
    failure ??= e ?? stream.errored;
    unwritten();
  };
  stream.on('close', end).on('error', end);
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        const stop = (e: unknown) => {
          closed = true;
          if (isGone(e)) resolve(false);
          else reject(e);
        };
        unwritten = () => stop(failure);
        if (closed || !stream.writable) stop(failure ?? stream.errored);
        else {
          stream.write(bytes.slice(), (e) =>
            e === null || e === undefined ? resolve(true) : stop(stream.errored ?? e),
          );
        }
      }),
    release: (failed) => {
      // Its event may come only after it has closed what it writes to.
      if ((failed || closed) && !stream.listeners('error').includes(ignore)) stream.on('error', ignore);
      stream.off('close', end).off('error', end);
    },
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

/**
 * Calls `run` with a function that writes to the stream of one call, which is not ended; a write that waits throws the
 * reason of the signal. A stream of Node that fails does not end the process, whether or not it was written to: who
 * made the call is told.
 */
export async function withSink<T>(
  stream: ByteSink,
  run: (write: (bytes: Uint8Array, signal: AbortSignal) => Promise<boolean>) => Promise<T>,
): Promise<T> {
  const sink = sinkOf(stream);
  let failed = true;
  try {
    const result = await run((bytes, signal) => unlessAborted(sink.write(bytes), signal));
    failed = false;
    return result;
  } finally {
    sink.release(failed);
  }
}
