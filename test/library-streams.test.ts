import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { Transform, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  type ArtifactStore,
  acceptRollback,
  type ByteSink,
  type CallOptions,
  checkManifest,
  createStore,
  doctor,
  hash,
  openStore,
  verifyBundle,
} from '../src/index.js';
import { tmp } from './helpers/tmp.js';

let dir: string;
let store: ArtifactStore;

beforeEach(async () => {
  dir = await tmp();
  process.env.XDG_STATE_HOME = `${dir}/state`;
  store = await createStore(dir);
  await store.put(Buffer.alloc(3 * 1024 * 1024, 'ab'), { name: 'large' });
});
afterEach(() => store.close());

const enough = new Error('enough');
const never = new Promise<never>(() => undefined);

function stalling(stop: () => void): Promise<never> {
  stop();
  return never;
}

/** A source that gives one chunk and then stalls. */
async function* stalled() {
  yield Buffer.from('first');
  await never;
}

/** A source that gives one chunk and takes its time to end. */
async function* stalledFor(ms: number) {
  yield Buffer.from('first');
  await delay(ms);
}

/** The errors that nobody caught while this ran. */
async function uncaughtIn(run: () => Promise<void>): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', (e) => uncaught.push(e));
  try {
    await run();
    return uncaught;
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of others) process.on('uncaughtException', listener);
  }
}

const STALLING: Record<string, (options: CallOptions) => Promise<unknown>> = {
  put: (o) => store.put(stalled(), o),
  putLines: (o) => store.putLines([{ source: stalled() }], o),
  writeObjects: (o) => store.writeObjects([stalled()], o),
  hash: (o) => hash(stalled(), o),
  verifyBundle: (o) => verifyBundle(stalled(), o),
};

it.each(Object.keys(STALLING))('%s obeys its signal while a stream stalls', async (name) => {
  const stop = new AbortController();
  const call = STALLING[name]!({ signal: stop.signal });
  setTimeout(() => stop.abort(enough), 50);
  await expect(call).rejects.toBe(enough);
});

it.each<[string, (stop: () => void) => ByteSink]>([
  ['of Node', (stop) => new Writable({ write: stop })],
  ['of the web', (stop) => new WritableStream({ write: () => stalling(stop) })],
])('exportToStream obeys its signal while a stream %s takes nothing', async (_, sinkThat) => {
  const stop = new AbortController();
  const sink = sinkThat(() => stop.abort(enough));
  await expect(store.exportToStream('large', sink, { signal: stop.signal })).rejects.toBe(enough);
  for await (const { type } of store.history()) {
    expect(type).toBe('export_record');
    break;
  }
});

it('records an export to a stream that is closed while it takes nothing', async () => {
  const sink = new Transform({ transform: () => void sink.destroy() });
  const { warnings } = await store.exportToStream('large', sink);
  expect(warnings.join()).toMatch(/closed/);
});

/** The newest record of an export. */
async function lastRecord(): Promise<unknown> {
  let last: unknown;
  for await (const { payload } of store.ledgerEntries({ type: 'export_record' })) last = payload;
  return last;
}

const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
const BROKEN: [string, () => ByteSink, unknown][] = [
  ['of Node whose writes fail', () => new Writable({ write: (_, __, done) => done(full) }), full],
  [
    'of Node that is destroyed for a reason',
    () => {
      const sink: Transform = new Transform({ transform: () => void sink.destroy(full) });
      return sink;
    },
    full,
  ],
  ['of Node that failed before', () => new Writable().destroy(full), full],
  ['of the web whose writes fail', () => new WritableStream({ write: () => Promise.reject(full) }), full],
  [
    'of the web that throws no Error',
    () => new WritableStream({ write: () => Promise.reject('full') }),
    'full',
  ],
];

it.each(BROKEN)('throws what a stream %s fails with, and records a failure', async (_, broken, failure) => {
  await expect(store.exportToStream('large', broken())).rejects.toBe(failure);
  const message = failure === full ? full.message : failure;
  expect(await lastRecord()).toMatchObject({ outcome: 'failed', errors: [message] });
});

const piped = Object.assign(new Error('no reader'), { code: 'EPIPE' });
const LEFT: [string, () => ByteSink][] = [
  ['of Node whose pipe is closed', () => new Writable({ write: (_, __, done) => done(piped) })],
  ['of Node that was destroyed', () => new Writable().destroy()],
  ['of Node that was ended', () => new Writable({ write: (_, __, done) => done() }).end()],
  [
    'of the web whose reader has cancelled it',
    () => {
      const { readable, writable } = new TransformStream();
      void readable.cancel();
      return writable;
    },
  ],
  [
    'of the web that was closed',
    () => {
      const sink = new WritableStream();
      void sink.close();
      return sink;
    },
  ],
  [
    'of the web made of one of Node that is destroyed',
    () => {
      const sink: Writable = new Writable({ write: () => void sink.destroy() });
      return Writable.toWeb(sink) as WritableStream<Uint8Array>;
    },
  ],
];

it.each(LEFT)('records as closed early a stream %s', async (_, left) => {
  const { warnings } = await store.exportToStream('large', left());
  expect(warnings.join()).toMatch(/closed/);
  expect(await lastRecord()).toMatchObject({ outcome: 'done', errors: [] });
});

it.each<[string, (called: Promise<unknown>) => Writable, string, object]>([
  ['fails', (called) => failsLate(full, called), 'large', {}],
  ['loses its reader', (called) => failsLate(piped, called), 'large', {}],
  ['fails unused', () => createWriteStream(`${dir}/none/x`), 'none', {}],
  ['fails unused for a wrong option', () => createWriteStream(`${dir}/none/x`), 'large', { bad: 1 }],
])('does not end the process for a stream that %s', async (_, sinkThat, name, options) => {
  const uncaught = await uncaughtIn(async () => {
    let end = () => {};
    const sink = sinkThat(new Promise<void>((resolve) => (end = resolve)));
    await store.exportToStream(name, sink, options).catch(() => undefined);
    end();
    await vi.waitFor(() => expect(sink.closed).toBe(true));
  });
  expect(uncaught).toEqual([]);
});

/** Its failed write is told at once, and as an event only when it has closed what it writes to, after the call. */
function failsLate(error: Error, called: Promise<unknown>): Writable {
  return new Writable({
    write: (_, __, done) => done(error),
    destroy: (e, done) => void called.then(() => done(e)),
  });
}

it('leaves nothing on a stream that took all', async () => {
  const sink = new Writable({ write: (_, __, done) => done() });
  const before = sink.eventNames();
  await store.exportToStream('large', sink);
  expect(sink.eventNames()).toEqual(before);
});

it('refuses a stream that is locked', async () => {
  const sink = new WritableStream();
  sink.getWriter();
  await expect(store.exportToStream('large', sink)).rejects.toMatchObject({ code: 'USAGE' });
});

const REFUSED: [string, (stream: ReturnType<typeof createReadStream>) => Promise<unknown>][] = [
  ['put refuses', (stream) => store.put(stream, { name: '../bad' })],
  ['another line is refused', (stream) => store.putLines([{ source: stream }, { source: '/none' }])],
  ['an option is refused', (stream) => store.put(stream, { bad: 1 } as never)],
  ['the signal was aborted before', (stream) => store.put(stream, { signal: AbortSignal.abort(enough) })],
  [
    'a line before it is refused',
    (stream) => store.putLines([{ source: '/none', kind: 'no' as never }, { source: stream }]),
  ],
  ['a source before it is missing', (stream) => store.writeObjects(['/none', stream])],
];

it.each(REFUSED)('closes a stream when %s', async (_, call) => {
  await writeFile(`${dir}/source`, 'bytes');
  const stream = createReadStream(`${dir}/source`);
  await expect(call(stream)).rejects.toThrow();
  await vi.waitFor(() => expect(stream.closed).toBe(true));
});

it.each(REFUSED)('does not end the process for a stream that fails unread when %s', async (_, call) => {
  const uncaught = await uncaughtIn(async () => {
    const stream = createReadStream(`${dir}/missing`);
    await expect(call(stream)).rejects.toThrow();
    await vi.waitFor(() => expect(stream.closed).toBe(true));
  });
  expect(uncaught).toEqual([]);
});

it('tells what made a stream fail before it was read', async () => {
  const [first, second] = [stalledFor(50), createReadStream(`${dir}/missing`)];
  await expect(store.putLines([{ source: first }, { source: second }])).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

it('ends a generator whose chunks are refused', async () => {
  let ended = false;
  async function* text() {
    try {
      yield 'text' as never;
    } finally {
      ended = true;
    }
  }
  await expect(store.put(text())).rejects.toMatchObject({ code: 'USAGE' });
  expect(ended).toBe(true);
});

it('ends a loop that follows the history when the store is closed', async () => {
  const followed = await openStore({ store: dir });
  for await (const row of followed.follow({ last: 1 })) {
    expect(row.type).toBe('artifact_created');
    setTimeout(() => void followed.close(), 50);
  }
});

it('throws the reason of a signal after the record of a run whose tool it ended', async () => {
  const stop = new AbortController();
  const onOutput = async () => {
    stop.abort(enough);
    return true;
  };
  const call = store.run(['sh', '-c', 'echo up; sleep 60'], { signal: stop.signal, onOutput });
  await expect(call).rejects.toBe(enough);
  for await (const { type } of store.history()) {
    expect(type).toBe('tool_run');
    break;
  }
});

it('throws what a callback throws after the record of the run, and the reason of a signal while output is kept', async () => {
  const script = ['sh', '-c', 'echo x >$HS_OUT/x; echo up; sleep 60'];
  const failing = store.run(script, { onOutput: () => Promise.reject(enough) });
  await expect(failing).rejects.toBe(enough);
  const stop = new AbortController();
  const onOutput = async () => {
    stop.abort('no Error');
    return true;
  };
  const stopped = store.run(script, { signal: stop.signal, keepFailed: true, onOutput });
  await expect(stopped).rejects.toBe('no Error');
  const records: unknown[] = [];
  for await (const { payload } of store.ledgerEntries({ type: 'tool_run' })) records.push(payload);
  expect(records).toMatchObject([{ errors: ['enough'] }, { errors: ['no Error'] }]);
});

it('throws the reason of a signal before the tool of a run is started', async () => {
  const stop = new AbortController();
  const call = store.run(['sh', '-c', 'sleep 60'], { signal: stop.signal });
  stop.abort(enough);
  await expect(call).rejects.toBe(enough);
});

it('opens, creates and examines nothing for a signal that was aborted before', async () => {
  const signal = AbortSignal.abort(enough);
  const other = await tmp();
  await expect(createStore(other, { signal })).rejects.toBe(enough);
  expect(await readdir(other)).toEqual([]);
  await expect(openStore({ store: dir, signal })).rejects.toBe(enough);
  await expect(doctor({ store: dir, signal })).rejects.toBe(enough);
  await expect(acceptRollback({ store: dir, reason: 'restored', signal })).rejects.toBe(enough);
});

it('refuses to expect nothing, or one payload of several', async () => {
  for (const options of [{ expect: {} }, { each: true, expect: { sizeBytes: 1 } }]) {
    await expect(store.put(dir, options)).rejects.toMatchObject({ code: 'USAGE' });
  }
});

it('refuses a collection with filters that empties the trash', async () => {
  const all = store.gc({ filters: ['name=large'], emptyTrash: true });
  await expect(all).rejects.toMatchObject({ code: 'USAGE' });
});

it('refuses a manifest that has no form in JSON', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  for (const manifest of [cyclic, { size: 1n }]) {
    expect(() => checkManifest(manifest)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  }
});
