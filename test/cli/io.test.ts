import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Input } from '../../src/cli/io/input.js';
import { Out, OutputClosed, type OutSettings } from '../../src/cli/io/output.js';
import { Progress } from '../../src/cli/io/progress.js';
import { HsError } from '../../src/errors/hs-error.js';

const settings: OutSettings = {
  colour: false,
  nul: false,
  terminal: false,
  before: () => {},
  stopWhenClosed: true,
};

function sink(write: (chunk: Buffer, done: (e?: Error) => void) => void, highWaterMark = 16) {
  return new Writable({ highWaterMark, write: (chunk, _encoding, done) => write(chunk, done) });
}

describe('standard output', () => {
  it('waits for a slow reader instead of gathering everything in memory', async () => {
    let held = 0;
    let most = 0;
    const stream = sink((chunk, done) => {
      held += chunk.length;
      most = Math.max(most, held);
      setTimeout(() => {
        held -= chunk.length;
        done();
      }, 1);
    });
    const out = new Out(stream, settings);
    for (let i = 0; i < 20; i++) await out.bytes(Buffer.alloc(1000));
    await out.end();
    expect(most).toBe(1000);
  });

  it('hands a record on when the program waits for the answer to it', async () => {
    let seen = '';
    const out = new Out(
      sink((chunk, done) => {
        seen += chunk;
        done();
      }),
      settings,
    );
    await out.record('one');
    expect(seen).toBe('');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen).toBe('one\n');
  });

  it('keeps text and bytes in order', async () => {
    let seen = '';
    const out = new Out(
      sink((chunk, done) => {
        seen += chunk;
        done();
      }),
      settings,
    );
    await out.record('a');
    await out.bytes(Buffer.from('b'));
    await out.text('c');
    await out.end();
    expect(seen).toBe('a\nbc\n');
  });

  it('does not depend on a buffer that its caller uses again', async () => {
    let seen = '';
    const out = new Out(
      sink((chunk, done) => {
        setTimeout(() => {
          seen += chunk;
          done();
        }, 5);
      }, 1_000_000),
      settings,
    );
    const buffer = Buffer.from('one');
    await out.bytes(buffer);
    buffer.write('two');
    await out.bytes(buffer);
    await out.end();
    expect(seen).toBe('onetwo');
  });

  it('writes bytes unchanged to a pipe, and escaped to a terminal', async () => {
    const bytes = Buffer.from([0, 255, 27, 91, 10]);
    for (const [terminal, shown] of [
      [false, bytes.toString('latin1')],
      [true, '\\x00\ufffd\\x1b[\n'],
    ] as const) {
      const chunks: Buffer[] = [];
      const stream = sink((chunk, done) => {
        chunks.push(chunk);
        done();
      });
      const out = new Out(stream, { ...settings, terminal });
      await out.bytes(bytes);
      await out.end();
      expect(Buffer.concat(chunks).toString(terminal ? 'utf8' : 'latin1')).toBe(shown);
    }
  });

  it.each(['EPIPE', 'ECONNRESET'])(
    'that is closed (%s) ends a listing, and is ignored by what must finish',
    async (code) => {
      const closed = () => sink((_chunk, done) => done(Object.assign(new Error(code), { code })));
      const listing = new Out(closed(), settings);
      await expect(
        (async () => {
          for (;;) await listing.bytes(Buffer.from('x'));
        })(),
      ).rejects.toThrow(OutputClosed);
      const change = new Out(closed(), { ...settings, stopWhenClosed: false });
      for (let i = 0; i < 100; i++) await change.text('x');
      await change.end();
    },
  );

  it('that cannot be written to is an error, also when the last write is the one that fails', async () => {
    const full = sink((_chunk, done) => done(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })));
    const out = new Out(full, settings);
    await out.text('x');
    await expect(out.end()).rejects.toThrow(HsError);
  });
});

describe('standard input', () => {
  const records = async (nul: boolean, ...chunks: (string | Uint8Array)[]) => {
    const input = new Input(
      () => Readable.from(chunks.map((c) => Buffer.from(c))),
      nul,
      new AbortController().signal,
    );
    const all: string[] = [];
    for await (const record of input.records()) all.push(record);
    return all;
  };

  it('gives lines wherever the chunks are cut, the last one with or without its end', async () => {
    expect(await records(false, 'a', 'b\nc', '\n', '\nd\re')).toEqual(['ab', 'c', 'd\re']);
    expect(await records(false, '\xc3'.slice(0, 0), Buffer.from([0xc3]), Buffer.from([0xa9, 10]))).toEqual([
      'é',
    ]);
  });

  it('splits at NUL with -z, keeping newlines', async () => {
    expect(await records(true, 'a\nb\0c')).toEqual(['a\nb', 'c']);
  });

  it('refuses invalid UTF-8, and an unterminated record', async () => {
    await expect(records(false, Buffer.from([0xff, 10]))).rejects.toThrow('not UTF-8');
    await expect(records(false, Buffer.alloc(2_000_000, 97))).rejects.toThrow('longer than');
  });

  it('gives one answer, and none once it is interrupted', async () => {
    const typed = new PassThrough();
    typed.write('yes\nno\n');
    const controller = new AbortController();
    const input = (stream: Readable) => new Input(() => stream, false, controller.signal);
    expect(await input(typed).answer()).toBe('yes');
    expect(await input(Readable.from([])).answer()).toBeUndefined();
    const waiting = input(new PassThrough()).answer();
    controller.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
    await expect(input(typed).answer()).rejects.toThrow('interrupted');
  });

  it('refuses more than was asked for', async () => {
    const input = () =>
      new Input(() => Readable.from([Buffer.alloc(10)]), false, new AbortController().signal);
    expect(await input().all(10)).toHaveLength(10);
    await expect(input().all(9)).rejects.toThrow('larger than 9 bytes');
  });
});

describe('progress', () => {
  const run = (shown: boolean) => {
    let [written, now] = ['', 0];
    const stream = sink((chunk, done) => {
      written += chunk;
      done();
    }, 1_000_000);
    const progress = new Progress(() => stream, { shown, clock: { now: () => now } });
    progress.start('storing', 10 * 1024 * 1024, 'bytes');
    for (now = 100; now <= 2000; now += 100) progress.advance(1024 * 100);
    progress.done();
    return written;
  };

  it('says amount, rate and time left in one line, and leaves it empty', () => {
    const written = run(true);
    const lines = written.split('\r\x1b[K').filter((line) => line !== '');
    expect(lines[0]).toBe('storing: 300 KiB of 10 MiB (2 %), 1.0 MiB/s, 9 seconds left');
    expect(written.endsWith('\r\x1b[K')).toBe(true);
  });

  it('writes nothing where it is not shown', () => expect(run(false)).toBe(''));
});
