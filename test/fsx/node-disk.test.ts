import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeSync } from 'fs-extra/esm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { tmp } from '../helpers/tmp.js';

/** What the system's directories are taken to hold, where a test says so: a path, or none. */
const { planted } = vi.hoisted(() => ({ planted: new Map<string, string | undefined>() }));
vi.mock('../../src/fsx/system-programs.js', async (original) => {
  const real = await original<typeof import('../../src/fsx/system-programs.js')>();
  return {
    systemProgram: (name: string) => (planted.has(name) ? planted.get(name) : real.systemProgram(name)),
  };
});

const disk = nodeDisk();
const bytes = new TextEncoder().encode('content');

/** Runs a program that takes the same kind of lock, until it is told to end or killed. */
async function lockElsewhere(path: string) {
  const code = `
    const { openSync } = require('node:fs');
    const { tryLock } = require('fs-native-extensions');
    console.log(tryLock(openSync(process.argv[1], 'r+')));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', code, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const answer = await new Promise<string>((resolve) =>
    child.stdout.once('data', (d) => resolve(String(d).trim())),
  );
  const kill = () =>
    new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  return { answer, kill };
}

describe('locks of the real disk', () => {
  it('exclude another process, and are freed when it is killed', async () => {
    const path = join(await tmp(), 'lock');
    const file = await disk.open(path, { access: 'create', mode: 0o600 });
    expect(await file.tryLock()).toBe(true);
    const refused = await lockElsewhere(path);
    expect(refused.answer).toBe('false');
    await refused.kill();
    await file.close();

    const holder = await lockElsewhere(path);
    expect(holder.answer).toBe('true');
    const late = await disk.open(path, { access: 'update' });
    expect(await late.tryLock()).toBe(false);
    await holder.kill();
    expect(await late.tryLock()).toBe(true);
    await late.close();
  });

  it('are not handed to a child: it has no descriptor of the file', async () => {
    const path = join(await tmp(), 'lock');
    const file = await disk.open(path, { access: 'create', mode: 0o600 });
    await file.tryLock();
    const listing = execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' });
    expect(listing).not.toContain(path);
    await file.close();
  });
});

describe('descriptors of the real disk', () => {
  it('are all closed again, on success and on failure', async () => {
    const root = await tmp();
    writeFileSync(`${root}/f`, 'x');
    const round = async () => {
      await disk.readFile(`${root}/f`, 10);
      await disk.readFile(`${root}/f`, 0).catch(() => {});
      await disk.readFile(root, 10).catch(() => {});
      await disk.open(root, { access: 'read' }).catch(() => {});
      await disk.writeFile(`${root}/g`, bytes, { mode: 0o600, sync: true });
      await disk.chmod(`${root}/g`, 0o644);
      await disk.syncDir(root);
      await disk.unlink(`${root}/g`);
    };
    await round();
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 10; i += 1) await round();
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  it('outlive a close that comes while a large write is still running', async () => {
    const path = join(await tmp(), 'f');
    const file = await disk.open(path, { access: 'create', mode: 0o600 });
    const writing = file.write(new Uint8Array(8 << 20).fill(1));
    await file.close();
    await writing;
    expect(statSync(path).size).toBe(8 << 20);
  });
});

describe('modes of the real disk', () => {
  it('are exact under a umask that forbids everything to others', async () => {
    const root = await tmp();
    const old = process.umask(0o077);
    try {
      vi.resetModules();
      const { nodeDisk } = await import('../../src/fsx/node-disk.js');
      const strict = nodeDisk();
      await strict.writeFile(`${root}/f`, bytes, { mode: 0o644, sync: false });
      await strict.mkdir(`${root}/d`, 0o755);
      const file = await strict.open(`${root}/g`, { access: 'create', mode: 0o666 });
      await file.close();
    } finally {
      process.umask(old);
    }
    expect(['f', 'd', 'g'].map((name) => statSync(`${root}/${name}`).mode & 0o777)).toEqual([
      0o644, 0o755, 0o666,
    ]);
  });

  it('can be changed for a file that its owner cannot read', async () => {
    const root = await tmp();
    writeFileSync(`${root}/f`, 'x');
    chmodSync(`${root}/f`, 0);
    await disk.chmod(`${root}/f`, 0o600);
    expect(statSync(`${root}/f`).mode & 0o777).toBe(0o600);
  });
});

describe('the programs the real disk runs', () => {
  afterEach(() => planted.clear());

  /** A system that has this program. */
  async function plant(name: string, script: string): Promise<void> {
    const path = join(await tmp(), name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    planted.set(name, path);
  }

  it('without `sync`, it says that the filesystem cannot be synced', async () => {
    const root = await tmp();
    planted.set('sync', undefined);
    expect(await disk.syncFilesystem(root)).toBe(false);
  });

  it('a `sync` that knows no -f counts as none; one of coreutils that fails is an I/O error', async () => {
    const root = await tmp();
    await plant('sync', 'echo "sync: bad option" >&2; exit 1');
    expect(await disk.syncFilesystem(root)).toBe(false);
    await plant('sync', 'test "$1" = --version && echo "sync (GNU coreutils) 9.1" && exit 0; exit 1');
    await expect(disk.syncFilesystem(root)).rejects.toMatchObject({ code: 'EIO' });
  });

  it('reports a failure of `mv` with its message, and ENOSYS without mv', async () => {
    const root = await tmp();
    writeFileSync(`${root}/a`, '');
    await plant('mv', 'echo "mv: cannot move: No space left on device" >&2; exit 1');
    await expect(disk.renameNoReplace(`${root}/a`, `${root}/b`)).rejects.toMatchObject({ code: 'ENOSPC' });
    planted.set('mv', undefined);
    await expect(disk.renameNoReplace(`${root}/a`, `${root}/b`)).rejects.toMatchObject({ code: 'ENOSYS' });
  });

  it('two racing moves to one name have one winner', async () => {
    const root = await tmp();
    for (let round = 0; round < 5; round += 1) {
      const target = `${root}/target-${round}`;
      mkdirSync(`${root}/a`);
      mkdirSync(`${root}/b`);
      const results = await Promise.allSettled([
        disk.renameNoReplace(`${root}/a`, target),
        disk.renameNoReplace(`${root}/b`, target),
      ]);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const name of ['a', 'b']) removeSync(`${root}/${name}`);
    }
  });
});

describe('a write that fails on the real disk', () => {
  afterEach(() => {
    vi.doUnmock('../../src/fsx/node/transfer.js');
    vi.resetModules();
  });

  it('leaves no file behind, and reports the failure', async () => {
    const root = await tmp();
    vi.resetModules();
    vi.doMock('../../src/fsx/node/transfer.js', async (original) => ({
      ...(await original<object>()),
      writeFully: async () => {
        throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      },
    }));
    const { nodeDisk } = await import('../../src/fsx/node-disk.js');
    const failing = nodeDisk().writeFile(`${root}/f`, bytes, { mode: 0o644, sync: false });
    await expect(failing).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(readdirSync(root)).toEqual([]);
  });
});

describe('reading on the real disk', () => {
  it('detects that a small file was changed meanwhile, even with the same length', async () => {
    const path = join(await tmp(), 'a');
    const change = (content: string) => {
      writeFileSync(path, content);
      utimesSync(path, 1, 1);
    };
    /** Asked for its length, which is after the first look at the file and before the first byte. */
    class Meanwhile extends Uint8Array {
      override get length(): number {
        change('other');
        return super.length;
      }
    }
    writeFileSync(path, 'hello');
    const read = await disk.readSmall(path, new Meanwhile(16), { follow: false });
    expect(read).toMatchObject({ count: 5, atRest: false });
    expect(await disk.readSmall(path, new Uint8Array(16), { follow: false })).toMatchObject({ atRest: true });
  });

  it('gives nothing of a small file that holds more than it says', async () => {
    const buffer = new Uint8Array(1 << 16);
    expect(await disk.readSmall('/proc/self/status', buffer, { follow: false })).toBeUndefined();
  });

  it('reads files of /proc, which say that they are empty', async () => {
    const text = new TextDecoder().decode(await disk.readFile('/proc/self/status', 1 << 16));
    expect(text).toContain(`Pid:\t${process.pid}`);
  });
});
