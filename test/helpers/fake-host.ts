import { Readable, Writable } from 'node:stream';
import type { CommandTable } from '../../src/cli/command-table.js';
import type { Host } from '../../src/cli/host.js';
import { main } from '../../src/cli/main.js';
import type { Parts } from '../../src/cli/parts.js';
import type { Disk } from '../../src/fsx/disk.js';
import type { Session } from '../../src/ops/session/session.js';
import type { StoreHome } from '../../src/store/port/backend.js';

export interface FakeOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** Columns; each stream is a terminal when this is given, unless `terminals` says which. */
  readonly columns?: number;
  readonly terminals?: readonly ('stdin' | 'stdout' | 'stderr')[];
  /** Fails every write to standard output with this code from the given number of bytes on. */
  readonly stdoutFails?: { readonly code: string; readonly after: number };
  readonly session?: Session;
  readonly now?: number;
}

export interface FakeResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function capture(chunks: Buffer[], columns: number | undefined, fails: FakeOptions['stdoutFails']) {
  let size = 0;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (fails !== undefined && size > fails.after) {
        done(Object.assign(new Error(fails.code), { code: fails.code, syscall: 'write' }));
        return;
      }
      chunks.push(chunk);
      done();
    },
  });
  return Object.assign(stream, columns === undefined ? {} : { columns });
}

/** Runs `argv` in this process against `table`, with a process that is made up. */
export function runFake(
  table: CommandTable,
  argv: readonly string[],
  options: FakeOptions = {},
): { readonly result: Promise<FakeResult>; signal(name: 'SIGINT' | 'SIGTERM'): void } {
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  const { columns, env = {}, now = Date.UTC(2026, 0, 31, 12) } = options;
  const terminals = options.terminals ?? (columns === undefined ? [] : ['stdin', 'stdout', 'stderr']);
  let onSignal: (signal: 'SIGINT' | 'SIGTERM') => void = () => {};
  let abandoned: (status: number) => void = () => {};
  const gaveUp = new Promise<number>((resolve) => {
    abandoned = resolve;
  });
  const host: Host = {
    argv,
    demandArguments: () => {},
    environment: {
      get: (name) => env[name],
      all: () => env,
      cwd: '/work',
      uid: 1000,
      umask: 0o022,
      userName: 'tester',
      home: '/home/tester',
      platform: 'linux',
    },
    clock: { now: () => now },
    random: { uuid: () => '00000000-0000-4000-8000-000000000000', hex: (n) => '0'.repeat(2 * n) },
    stdin: Readable.from([Buffer.from(options.stdin ?? '')]),
    stdout: capture(stdout, columns, options.stdoutFails),
    stderr: capture(stderr, columns, undefined),
    isTerminal: (stream) => terminals.includes(stream),
    onReaderGone: async () => () => {},
    startPager: async () => undefined,
    editFile: async () => {},
    version: '1.2.3',
    chdir: () => {},
    onSignal: (handler) => {
      onSignal = handler;
      return () => {
        onSignal = () => {};
      };
    },
    abandon: abandoned,
  };
  const parts: Parts = {
    table,
    disk: async () => ({}) as Disk,
    trace: async () => {
      throw new Error('no trace in this test');
    },
    stores: async () => ({}) as StoreHome,
    openSession: async () => {
      if (options.session === undefined) throw new Error('no session in this test');
      return options.session;
    },
  };
  const result = Promise.race([main(host, parts), gaveUp]).then((status) => ({
    status,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  }));
  return { result, signal: (name) => onSignal(name) };
}
