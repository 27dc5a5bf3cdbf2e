import { describe, expect, it } from 'vitest';
import { command, listing } from '../../src/cli/command.js';
import type { CommandTable, TableEntry } from '../../src/cli/command-table.js';
import { flag, text } from '../../src/cli/options.js';
import { afterDashes, many } from '../../src/cli/positionals.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { Session } from '../../src/ops/session/session.js';
import { type FakeOptions, runFake } from '../helpers/fake-host.js';

const greet = command({
  name: 'greet',
  class: 'porcelain',
  opens: 'none',
  summary: 'greet',
  resultSchema: 'hs.greet/1',
  positionals: { names: many('NAME') },
  options: { twice: flag(undefined, 'twice') },
  run: async ({ args, log, globals }) => {
    log.note('about to greet');
    log.warn(`it is early`);
    log.detail('in detail');
    return { names: args.names, quiet: globals.quiet };
  },
  render: ({ names }, view) => `hello ${names.map((n) => view.text(n)).join(' and ')}`,
});

const rows = listing({
  name: 'rows',
  class: 'plumbing',
  opens: 'none',
  summary: 'list',
  nul: true,
  resultSchema: 'hs.rows/1',
  positionals: { items: many('ITEM') },
  async *run({ args, attempt }) {
    for (const item of args.items) {
      const row = await attempt(async () => {
        if (item.startsWith('bad')) throw new HsError('NOT_FOUND', `'${item}' does not exist`);
        if (item === 'refused') throw new HsError('REFUSED', `'${item}' is refused`, { hint: 'ask' });
        if (item === 'bug') throw new TypeError('x is undefined');
        return { item };
      });
      if (row !== undefined) yield row;
    }
  },
  line: ({ item }, view) => view.text(item),
});

const fails = command({
  name: 'fails',
  class: 'plumbing',
  opens: 'none',
  summary: 'fail',
  resultSchema: 'hs.fails/1',
  positionals: { how: many('HOW') },
  run: async ({ args }): Promise<void> => {
    const [how, path = '/x', syscall = 'open'] = args.how;
    if (how === 'bug') throw new TypeError('x is undefined');
    if (how === 'usage') throw new HsError('USAGE', 'not like that');
    throw Object.assign(new Error(how), { code: how, syscall, ...(path === '' ? {} : { path }) });
  },
});

const no = command({
  name: 'no',
  class: 'plumbing',
  opens: 'none',
  summary: 'say no',
  run: async ({ exit }) => exit(1),
});

const slow = command({
  name: 'slow',
  class: 'porcelain',
  opens: 'write',
  summary: 'take long',
  run: async ({ signal, whenInterrupted }) => {
    whenInterrupted(() => '3 of 9 files stored; nothing was registered');
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    signal.throwIfAborted();
  },
});

const finishes = command({
  name: 'finishes',
  class: 'porcelain',
  opens: 'write',
  summary: 'commit although interrupted',
  run: ({ signal }) =>
    new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('committed'))),
  render: (text) => text,
});

const stuck = command({
  name: 'stuck',
  class: 'porcelain',
  opens: 'read',
  summary: 'never end',
  run: () => new Promise<void>(() => {}),
});

const tool = command({
  name: 'tool',
  class: 'porcelain',
  opens: 'write',
  failsWith: 125,
  summary: 'run a tool',
  positionals: { command: afterDashes('COMMAND') },
  options: { name: text('NAME', 'name') },
  run: async ({ args }) => args.command,
  render: (words) => `runs ${words.join(' ')}`,
});

const opensStore = command({
  name: 'opens store',
  class: 'porcelain',
  opens: 'read',
  summary: 'open the store twice',
  run: async ({ session }) => {
    const first = await session();
    return first === (await session());
  },
  render: (same) => String(same),
});

const help = command({
  name: 'help',
  class: 'meta',
  opens: 'none',
  summary: 'help',
  positionals: { words: many('WORD') },
  run: async ({ args }) => args.words,
  render: (words) => `help of ${words.join(' ') || 'hs'}`,
});

const table: CommandTable = Object.fromEntries(
  [greet, rows, fails, no, slow, finishes, stuck, tool, opensStore, help].map((c): [string, TableEntry] => [
    c.spec.name,
    { class: c.spec.class, group: 'all', summary: c.spec.summary, load: async () => c },
  ]),
);

const hs = (argv: readonly string[], options?: FakeOptions) => runFake(table, argv, options).result;
const error = (document: unknown) => ({ stdout: '', stderr: `${JSON.stringify(document)}\n` });

describe('messages', () => {
  it('go to standard error beside the result', async () => {
    expect(await hs(['greet', 'Ann'])).toEqual({
      status: 0,
      stdout: 'hello Ann\n',
      stderr: 'hs: about to greet\nhs: warning: it is early\n',
    });
  });

  it('are fewer with --quiet and more with --verbose', async () => {
    expect((await hs(['greet', '--quiet'])).stderr).toBe('hs: warning: it is early\n');
    expect((await hs(['-v', 'greet'])).stderr).toContain('hs: in detail\n');
  });

  it('stand inside the one document with --json', async () => {
    expect(await hs(['greet', 'Ann', '--json'])).toEqual({
      status: 0,
      stdout: '{"schema":"hs.greet/1","names":["Ann"],"quiet":false,"warnings":["it is early"]}\n',
      stderr: '',
    });
  });
});

describe('failures', () => {
  it.each([
    ['ENOSPC', 10, "cannot open '/x': no space left on device"],
    ['EACCES', 10, "cannot open '/x': permission denied"],
    ['EROFS', 10, "cannot open '/x': the filesystem is read-only"],
    ['EIO', 10, "cannot open '/x': input/output error"],
    ['ENOENT', 4, "cannot open '/x': no such file or directory"],
    ['EWEIRD', 10, "cannot open '/x': the system reports EWEIRD"],
  ])('%s ends with %d', async (code, status, message) => {
    const result = await hs(['fails', code]);
    expect(result).toMatchObject({ status, stdout: '' });
    expect(result.stderr.split('\n')[0]).toBe(`hs: error: ${message}`);
  });

  it.each([
    ['realpath', "cannot find '/x': no such file or directory"],
    ['lstat', "cannot look at '/x': no such file or directory"],
    ['open', "cannot open '/x': no such file or directory"],
  ])('of %s are told in words', async (syscall, message) => {
    expect((await hs(['fails', 'ENOENT', '/x', syscall])).stderr).toBe(`hs: error: ${message}\n`);
  });

  it('name a deleted current directory', async () => {
    expect((await hs(['fails', 'ENOENT', '', 'uv_cwd'])).stderr).toBe(
      'hs: error: cannot tell the current directory: no such file or directory\n' +
        'hint: it may have been removed: cd to one that is there\n',
    );
  });

  it('of a descriptor name no path', async () => {
    const { stderr } = await hs(['fails', 'ENOSPC', '']);
    expect(stderr.split('\n')[0]).toBe('hs: error: cannot open: no space left on device');
  });

  it('that are bugs ask to be reported, with their origin, and more of it under HS_DEBUG', async () => {
    const { status, stdout, stderr } = await hs(['fails', 'bug']);
    expect({ status, stdout }).toEqual({ status: 70, stdout: '' });
    const lines = stderr.split('\n');
    expect(lines[0]).toBe('hs: error: bug in hs: TypeError: x is undefined');
    expect(lines[1]).toMatch(/^ {4}at .*main\.test\.ts:\d+:\d+\)?$/);
    expect(lines.at(-2)).toBe(
      'hint: please report it, with the output of the same command with HS_DEBUG=1 set',
    );
    const debug = (await hs(['fails', 'bug'], { env: { HS_DEBUG: '1' } })).stderr;
    expect(lines.length).toBeLessThanOrEqual(8);
    expect(debug.split('\n')[1]).toBe(lines[1]);
    expect(debug.split('\n').length).toBeGreaterThanOrEqual(lines.length);
    const document = JSON.parse((await hs(['fails', 'bug', '--json'])).stderr);
    expect(`    ${document.error.details.stack[0]}`).toBe(lines[1]);
  });

  it('are one document on standard error with --json, usage errors too', async () => {
    expect(await hs(['fails', 'usage', '--json'])).toEqual({
      status: 2,
      ...error({
        schema: 'hs.error/1',
        error: { code: 'USAGE', message: 'not like that', hint: 'hs help fails' },
      }),
    });
    expect(await hs(['greet', '--twic', '--json'])).toEqual({
      status: 2,
      ...error({
        schema: 'hs.error/1',
        error: { code: 'USAGE', message: "unknown option '--twic'", hint: 'did you mean --twice?' },
      }),
    });
  });

  it('cannot steer the terminal by a name', async () => {
    const { stderr } = await hs(['fails', 'EACCES', '\x1b]0;x\x07\u202e\n'], { columns: 80 });
    expect(stderr).toContain("'\\x1b]0;x\\x07\\u{202e}\\x0a'");
  });
});

describe('several items', () => {
  it('end with 3 when some failed, each reported', async () => {
    expect(await hs(['rows', 'a', 'bad1', 'b', 'refused'])).toEqual({
      status: 3,
      stdout: 'a\nb\n',
      stderr: "hs: error: 'bad1' does not exist\nhs: error: 'refused' is refused\nhint: ask\n",
    });
  });

  it('end with the status of the failure when all failed alike', async () => {
    expect((await hs(['rows', 'bad1', 'bad2'])).status).toBe(4);
    expect((await hs(['rows', 'bad1', 'refused'])).status).toBe(3);
  });

  it('that failed in part are results and errors in one document', async () => {
    const { status, stdout, stderr } = await hs(['rows', 'a', 'bad1', '--json']);
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      schema: 'hs.rows/1',
      results: [{ item: 'a' }],
      errors: [{ code: 'NOT_FOUND', message: "'bad1' does not exist" }],
    });
  });

  it('give the error alone when the only one failed', async () => {
    expect(await hs(['rows', 'bad1', '--json'])).toEqual({
      status: 4,
      ...error({ schema: 'hs.error/1', error: { code: 'NOT_FOUND', message: "'bad1' does not exist" } }),
    });
  });

  it('are a document a line with --jsonl', async () => {
    expect((await hs(['rows', 'a', 'b', '--jsonl'])).stdout).toBe(
      '{"schema":"hs.rows.row/1","item":"a"}\n{"schema":"hs.rows.row/1","item":"b"}\n',
    );
  });

  it('stop at a bug', async () => {
    expect(await hs(['rows', 'a', 'bug', 'b'])).toMatchObject({ status: 70, stdout: 'a\n' });
  });
});

describe('records', () => {
  it('are escaped to stay one line, and are as they are with -z', async () => {
    const name = 'a\nb\\c\x1b[2J';
    expect((await hs(['rows', name])).stdout).toBe('a\\x0ab\\\\c\\x1b[2J\n');
    expect((await hs(['rows', '-z', name])).stdout).toBe(`${name}\0`);
  });

  it('cannot steer a terminal even with -z', async () => {
    expect((await hs(['rows', '-z', 'x\x1b[2J'], { columns: 80 })).stdout).toBe('x\\x1b[2J\0');
  });

  it('are ASCII on a terminal whose locale is not UTF-8', async () => {
    expect((await hs(['rows', 'naïve'], { columns: 80, env: { LANG: 'C' } })).stdout).toBe('na\\xefve\n');
    expect((await hs(['rows', 'naïve'], { columns: 80, env: { LANG: 'C.UTF-8' } })).stdout).toBe('naïve\n');
  });
});

describe('finding the command', () => {
  it('passes options that stand before it', async () => {
    expect((await hs(['--quiet', '--store', 'greet', 'greet', 'Ann'])).stdout).toBe('hello Ann\n');
  });

  it('suggests similar words', async () => {
    expect(await hs(['grete'])).toEqual({
      status: 2,
      stdout: '',
      stderr: "hs: error: 'grete' is not an hs command\nhint: did you mean hs greet?\n",
    });
    expect((await hs(['opens stor'.split(' ')[0]!, 'stor'])).stderr).toContain(
      'did you mean hs opens store?',
    );
    // As near to the whole name as it would have to be, but not to its last word.
    expect((await hs(['opens', 'xyzzy'])).stderr).toContain('hint: hs help opens lists the commands');
    expect((await hs(['opens', 'more'])).stderr).toContain('hint: hs help opens lists the commands');
    expect((await hs(['xyzzy'])).stderr).toContain('hint: hs help lists the commands');
    expect((await hs(['constructor'])).status).toBe(2);
  });

  it.each([[['opens']], [['opens', '--json']], [['opens', '-q']]])(
    'refuses a group without its second word, which a script may have lost (%j)',
    async (words) => {
      const { status, stdout, stderr } = await hs(words);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toContain("'hs opens' needs one more word");
      expect(stderr).toContain('one of ');
      expect(stderr).toContain('store');
    },
  );

  it.each([
    [[], 'hs'],
    [['--help'], 'hs'],
    [['greet', '--help'], 'greet'],
    [['greet', '--no-such', '-h'], 'greet'],
    [['opens', 'store', '--help'], 'opens store'],
    [['opens', '--help'], 'opens'],
    [['tool', '--name', 'n', '--help'], 'tool'],
  ])('%j shows the help of %s', async (argv, of) => {
    expect(await hs(argv)).toEqual({ status: 0, stdout: `help of ${of}\n`, stderr: '' });
  });

  it.each(['--help', '-h', '--version', '-O2'])("leaves another program's %s to it", async (option) => {
    expect((await hs(['tool', '--', 'make', option])).stdout).toBe(`runs make ${option}\n`);
    expect(await hs(['tool', '--name', '-', 'make', option])).toEqual({
      status: 125,
      stdout: '',
      stderr: "hs: error: unexpected argument 'make'\nhint: put '--' before the command to run\n",
    });
  });

  it('keeps a status that answers no', async () => {
    expect(await hs(['no'])).toEqual({ status: 1, stdout: '', stderr: '' });
  });
});

describe('the store', () => {
  it('is opened once and closed, even if close fails', async () => {
    let closed = 0;
    const session = { close: async () => Promise.reject(new HsError('SYSTEM', `closed ${++closed}`)) };
    const result = await hs(['opens', 'store'], { session: session as unknown as Session });
    expect(result).toEqual({ status: 0, stdout: 'true\n', stderr: 'hs: warning: closed 1\n' });
  });
});

describe('an interruption', () => {
  it.each([
    ['SIGINT', 130, 'interrupted'],
    ['SIGTERM', 143, 'ended by a signal'],
  ] as const)('by %s ends with %d and says what was done', async (name, status, word) => {
    const { result, signal } = runFake(table, ['slow']);
    setTimeout(() => signal(name), 50);
    expect(await result).toEqual({
      status,
      stdout: '',
      stderr: `hs: error: ${word}: 3 of 9 files stored; nothing was registered\n`,
    });
  });

  it('does not change the result of a finished command', async () => {
    const { result, signal } = runFake(table, ['finishes']);
    setTimeout(() => signal('SIGINT'), 50);
    expect(await result).toEqual({ status: 0, stdout: 'committed\n', stderr: '' });
  });

  it('ends a command that only reads although it does not listen', async () => {
    const { result, signal } = runFake(table, ['stuck']);
    setTimeout(() => signal('SIGINT'), 50);
    expect((await result).status).toBe(130);
  });
});

describe('a closed output', () => {
  const stdoutFails = { code: 'EPIPE', after: 10 };
  const items = Array.from({ length: 50_000 }, (_, i) => `item-${i}`);

  it('ends a listing quietly with 0', async () => {
    const { status, stderr } = await hs(['rows', ...items], { stdoutFails });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('leaves a command that changes something its status', async () => {
    const { result, signal } = runFake(table, ['slow'], { stdoutFails: { code: 'EPIPE', after: 0 } });
    setTimeout(() => signal('SIGTERM'), 50);
    expect((await result).status).toBe(143);
  });

  it('that is full is an error of the system', async () => {
    expect(await hs(['rows', ...items], { stdoutFails: { code: 'ENOSPC', after: 10 } })).toMatchObject({
      status: 10,
      stderr: 'hs: error: cannot write to standard output: no space left on device\n',
    });
  });

  it('that is full does not undo the command, and the message says so', async () => {
    const result = await hs(['tool', '--', 'x'], { stdoutFails: { code: 'ENOSPC', after: 0 } });
    expect(result).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(/^hs: error: cannot write .*\nhint: what the command had to do is done/),
    });
  });
});

describe('colour', () => {
  const coloured = async (argv: readonly string[], options: FakeOptions) =>
    (await hs(['greet', 'x', ...argv], options)).stderr.includes('\x1b[');

  it('follows the terminal, NO_COLOR, TERM and --color', async () => {
    expect(await coloured([], { columns: 80 })).toBe(true);
    expect(await coloured([], {})).toBe(false);
    expect(await coloured([], { columns: 80, env: { NO_COLOR: '1' } })).toBe(false);
    expect(await coloured([], { columns: 80, env: { NO_COLOR: '' } })).toBe(true);
    expect(await coloured([], { columns: 80, env: { TERM: 'dumb' } })).toBe(false);
    expect(await coloured(['--color=never'], { columns: 80 })).toBe(false);
    expect(await coloured(['--color=always'], { env: { NO_COLOR: '1' } })).toBe(true);
  });
});
