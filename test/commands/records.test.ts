import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { registry } from '../../commands/registry.js';
import { HS_PROGRAM, hsEnvironment } from '../helpers/hs.js';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function workspace() {
  const cwd = await tmp();
  await mkdir(`${cwd}/tree`);
  for (const name of ['a', 'tree/x']) await writeFile(`${cwd}/${name}`, `${name}\n`);
  const hs = inside(cwd);
  await writeFile(`${cwd}/b`, 'from ada@lovelace.net, in /home/ada/notes\n');
  await hs(['init']);
  await hs(['put', 'a', 'tree', '--pin', 'kept']);
  await hs(['put', 'b', '--name', 'named']);
  return { cwd, hs };
}

describe('with -z', () => {
  /** One call of every command that takes it, with what it reads. */
  const CALLS: Readonly<Record<string, readonly [args: string, stdin?: string]>> = {
    'cat-artifact': ['cat-artifact --batch-check', 'named\0nothing\0'],
    'for-each-artifact': ['for-each-artifact'],
    'hash-object': ['hash-object --stdin-paths', 'a\0b\0'],
    'ledger cat': ['ledger cat'],
    ls: ['ls'],
    'ls-index': ['ls-index TREE'],
    pins: ['pins'],
    put: ['put --stdin-paths', 'a\0b\0'],
    resolve: ['resolve named'],
    scan: ['scan --personal named'],
    'trash ls': ['trash ls'],
    'update-pin': ['update-pin --stdin', 'pin\tnamed\tx\0'],
    'write-index': ['write-index tree'],
  };

  it('each output record of every command ends with NUL, and there is no other end', async () => {
    const commands = await Promise.all(
      Object.entries(registry).map(async ([name, { load }]) => [name, (await load()).spec.nul] as const),
    );
    const taking = commands.filter(([, nul]) => nul).map(([name]) => name);
    expect(Object.keys(CALLS).sort()).toEqual(taking.sort());
    const { hs } = await workspace();
    await hs(['put', 'b', '--name', 'gone']);
    await hs(['rm', 'gone', '--yes']);
    const tree = (await hs(['write-index', 'tree'])).stdout.trim();
    for (const [name, [words, stdin = '']] of Object.entries(CALLS)) {
      const args = words.split(' ').map((word) => (word === 'TREE' ? tree : word));
      const { stdout, stderr } = await hs([...args, '-z'], { stdin });
      expect([name, stderr]).toEqual([name, '']);
      if (name !== 'update-pin') expect([name, stdout.at(-1)]).toEqual([name, '\0']);
      expect([name, stdout.includes('\n')]).toEqual([name, false]);
    }
  });

  it('put and write-index print input for the next command', async () => {
    const { hs } = await workspace();
    const put = await hs(['put', 'a', 'b', '-z']);
    const ids = put.stdout.split('\0');
    expect(ids).toEqual([expect.stringMatching(UUID), expect.stringMatching(UUID), '']);
    expect((await hs(['write-index', 'tree', '-z'])).stdout).toMatch(/^[0-9a-f]{64}\0$/);
  });
});

describe('a format', () => {
  it.each([
    ['%00', Buffer.from('\0\n')],
    ['%0a', Buffer.from('\n\n')],
    ['%c3%a9', Buffer.from('é\n')],
    ['%ff%00%41', Buffer.from([0xff, 0, 0x41, 10])],
    ['é%(name)%e9', Buffer.from([0xc3, 0xa9, ...Buffer.from('named'), 0xe9, 10])],
    ['%1b[1m%%', Buffer.from('\x1b[1m%\n')],
  ])('%j prints the bytes that it names', async (format, bytes) => {
    const { hs } = await workspace();
    const only = ['--filter', 'name=named', '--format', format];
    expect((await hs(['for-each-artifact', ...only])).bytes).toEqual(bytes);
    const end = Buffer.concat([bytes.subarray(0, -1), Buffer.from([0])]);
    expect((await hs(['for-each-artifact', ...only, '-z'])).bytes).toEqual(end);
    expect((await hs(['cat-artifact', `--batch-check=${format}`], { stdin: 'named\n' })).bytes).toEqual(
      bytes,
    );
  });

  it('is made safe on a terminal, and in a document', async () => {
    const { hs } = await workspace();
    const only = ['for-each-artifact', '--filter', 'name=named', '--format'];
    expect((await hs([...only, '%1b[1m'], { columns: 80 })).stdout).toBe('\\x1b[1m\n');
    const { stdout } = await hs([...only, 'x%e9', '--json']);
    expect(JSON.parse(stdout).results).toMatchObject([{ text: 'x\uFFFD' }]);
  });
});

describe('a filter', () => {
  it.each([
    'kind=reports',
    'class=x',
    'layer=L9',
    'classification=secret',
    'exportable=yes',
    'type=tree',
    'size=big',
  ])('whose value nothing can have is a usage error (%s)', async (filter) => {
    const { hs } = await workspace();
    const { status, stdout, stderr } = await hs(['for-each-artifact', '--filter', filter]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`the filter '${filter}' cannot match anything`);
  });

  it('whose value some artifact could have matches nothing, quietly', async () => {
    const { hs } = await workspace();
    for (const filter of ['kind=report', 'size=123', 'name=nobody', `hash=${'0'.repeat(64)}`]) {
      const result = await hs(['for-each-artifact', '--filter', filter]);
      expect(result).toMatchObject({ status: 0, stdout: '', stderr: '' });
    }
  });
});

describe('options', () => {
  it.each([
    ['put a --classification high', 'retention_ttl_days: required'],
    ['put a --kind prompt_payload', 'retention_ttl_days: required'],
    ['put a --kind bundle', 'must be directory for a bundle'],
    ['put a --label Upper=x', 'labels'],
    ['put a --label k=1 --label k=2', "the label 'k' is given twice"],
    ['put a --label nothing', "'nothing' is not of the form KEY=VALUE"],
    ['reclassify named --classification high --reason r', 'retention_ttl_days: required'],
  ])('that are wrong are a usage error, and nothing is stored (hs %s)', async (words, why) => {
    const { hs } = await workspace();
    const before = (await hs(['ledger', 'head'])).stdout;
    const { status, stdout, stderr } = await hs(words.split(' '));
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining(why),
    });
    expect((await hs(['ledger', 'head'])).stdout).toBe(before);
  });

  it('that cannot describe an artifact are refused before its bytes are read', async () => {
    const { hs } = await workspace();
    let read = 0;
    const stdin = (function* () {
      for (; read < 10; read++) yield Buffer.from('x');
    })();
    expect((await hs(['put', '-', '--classification', 'high'], { stdin })).status).toBe(2);
    expect(read).toBe(0);
  });
});

it('an empty list of paths stores nothing, and that is no failure', async () => {
  const { hs } = await workspace();
  const before = (await hs(['ledger', 'head'])).stdout;
  for (const command of ['put', 'hash-object', 'hash-object -w']) {
    const result = await hs([...command.split(' '), '--stdin-paths'], { stdin: '' });
    expect([command, result]).toMatchObject([command, { status: 0, stdout: '', stderr: '' }]);
  }
  expect((await hs(['ledger', 'head'])).stdout).toBe(before);
});

it.skipIf(process.platform !== 'linux')(
  'hs log --follow ends with 0 when its reader goes (Linux)',
  async () => {
    const { cwd } = await workspace();
    const script = 'set -o pipefail; "$NODE" "$HS" log --follow | head -n 1';
    const { status, stdout, stderr } = spawnSync('bash', ['-c', script], {
      ...{ cwd, encoding: 'utf8', timeout: 50_000 },
      env: await hsEnvironment({ NODE: process.execPath, HS: HS_PROGRAM }),
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n')).toHaveLength(2);
  },
);
