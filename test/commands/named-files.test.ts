import { spawnSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { HS_PROGRAM, hsEnvironment } from '../helpers/hs.js';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

/** A store with one artifact, the files that commands read, and a link to each. */
async function world() {
  const cwd = await tmp();
  const hs = inside(cwd);
  await mkdir(`${cwd}/tree`);
  await writeFile(`${cwd}/tree/keep`, 'keep');
  await writeFile(`${cwd}/tree/skip`, 'skip');
  await hs(['init']);
  await hs(['put', 'tree/keep', '--name', 'kept']);
  const manifest = JSON.parse((await hs(['cat-artifact', '--manifest', 'kept'])).stdout);
  const { content_hash, mime, payload_type, kind, size_bytes } = manifest;
  const files = {
    plan: (await hs(['plan-prune'])).stdout,
    globs: 'skip\n',
    policy: (await hs(['policy', 'show'])).stdout,
    lines: '{"path":"tree/keep"}\n',
    manifest: JSON.stringify({ content_hash, mime, payload_type, kind, size_bytes }),
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(`${cwd}/${name}`, text);
    await symlink(name, `${cwd}/${name}-link`);
  }
  const env = await hsEnvironment();
  const bash = (line: string) =>
    spawnSync('bash', ['-c', `hs() { "${process.execPath}" "${HS_PROGRAM}" "$@"; }; ${line}`], {
      cwd,
      env,
      encoding: 'utf8',
    });
  return { cwd, hs, bash };
}

const CALLS: readonly (readonly [file: string, args: (path: string) => string])[] = [
  ['plan', (f) => `gc --yes --apply ${f}`],
  ['plan', (f) => `apply-prune ${f}`],
  ['globs', (f) => `put tree --exclude-from ${f}`],
  ['policy', (f) => `policy check ${f}`],
  ['policy', (f) => `policy set ${f}`],
  ['policy', (f) => `policy diff ${f}`],
  ['policy', (f) => `plan-prune --policy ${f}`],
  ['lines', (f) => `put --manifest-lines ${f}`],
  ['manifest', (f) => `write-manifest ${f}`],
  ['manifest', (f) => `check-manifest ${f}`],
];

describe('a file that the user names', () => {
  it.each(CALLS)(
    'is read through a link, from a pipe and from /dev/stdin as from itself (%s)',
    async (file, args) => {
      const { bash } = await world();
      const { status, stderr } = bash(`hs ${args(file)}`);
      // A manifest that lacks something is told so by all; what counts is that all read the same bytes.
      const ways = [
        `hs ${args(`${file}-link`)}`,
        `hs ${args(`<(cat ${file})`)}`,
        `cat ${file} | hs ${args('/dev/stdin')}`,
      ];
      for (const line of ways) {
        const done = bash(line);
        expect([line, done.status, done.stderr]).toEqual([line, status, stderr]);
      }
    },
  );

  it.each(CALLS)('is told to be missing or no file in the same way by all (%s)', async (_, args) => {
    const { hs } = await world();
    const missing = await hs(args('nothing').split(' '));
    expect(missing).toMatchObject({ status: 4, stderr: expect.stringContaining("'nothing' does not exist") });
    const directory = await hs(args('tree').split(' '));
    expect(directory).toMatchObject({ status: 7, stderr: expect.stringContaining("'tree' is a directory") });
  });

  it('is told to be a link that leads nowhere in the same way by all, too', async () => {
    const { hs, cwd } = await world();
    await symlink('loop', `${cwd}/loop`);
    for (const [, args] of CALLS) {
      const looped = await hs(args('loop').split(' '));
      expect(looped).toMatchObject({ status: 7, stderr: expect.stringContaining('leads back to itself') });
    }
  });

  it('may be a terminal (needs script)', async ({ skip }) => {
    const { bash } = await world();
    if (bash('command -v script').status !== 0) skip();
    const typed = `script -qec '"${process.execPath}" "${HS_PROGRAM}" put tree --name typed --exclude-from /dev/tty' /dev/null`;
    const { status, stdout } = bash(`(sleep 2; printf 'skip\\n\\004\\004'; sleep 5) | ${typed}`);
    expect([status, stdout]).toEqual([0, expect.not.stringContaining('EAGAIN')]);
    expect(bash('hs cat-artifact typed').stdout).not.toContain('skip');
  });

  it('may be a named pipe, of which the writer comes later', async () => {
    const { bash } = await world();
    const { status, stderr } = bash(
      'mkfifo pipe; hs put tree --name t --exclude-from pipe & echo skip > pipe; wait $! && hs cat-artifact t',
    );
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(bash('hs cat-artifact t').stdout).not.toContain('skip');
  });

  it('that never ends is read up to the limit', async () => {
    const { bash } = await world();
    const { status, stderr } = bash('hs put tree --exclude-from <(yes)');
    expect({ status, stderr }).toMatchObject({
      status: 7,
      stderr: expect.stringContaining('larger than 1048576 bytes'),
    });
  });

  it('and to which nobody writes does not keep a command from ending on a signal', async () => {
    const { bash } = await world();
    const { status } = bash(
      `mkfifo pipe; "${process.execPath}" "${HS_PROGRAM}" put tree --exclude-from pipe & exec 9>pipe; kill -TERM $!; wait $!`,
    );
    expect(status).toBe(143);
  });

  const BUNDLE_CALLS = ['bundle verify', 'bundle ls', 'import'];

  it('may be a bundle in a pipe, which is read once', async () => {
    const { hs, bash } = await world();
    await hs(['bundle', 'create', 'kept', '--name', 'made']);
    await hs(['export', 'made', 'made.tar.gz']);
    for (const call of BUNDLE_CALLS) {
      const { status, stdout, stderr } = bash(`hs ${call} made.tar.gz`);
      expect({ call, status }).toEqual({ call, status: 0 });
      const ways = [
        `hs ${call} <(cat made.tar.gz)`,
        `cat made.tar.gz | hs ${call} /dev/stdin`,
        `mkfifo pipe; hs ${call} pipe & cat made.tar.gz > pipe; wait $!; s=$?; rm pipe; exit $s`,
      ];
      for (const line of ways) expect(bash(line)).toMatchObject({ status, stdout, stderr });
    }
  });

  it.each(BUNDLE_CALLS)('may be one that nobody writes to, and a signal ends the wait (%s)', async (call) => {
    const { bash } = await world();
    const { status } = bash(
      `mkfifo pipe; "${process.execPath}" "${HS_PROGRAM}" ${call} pipe & exec 9>pipe; kill -TERM $!; wait $!`,
    );
    expect(status).toBe(143);
  });
});
