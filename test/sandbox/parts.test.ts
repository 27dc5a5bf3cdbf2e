import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeSync } from 'fs-extra/esm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { StatusReport } from '../../src/sandbox/status-report.js';
import { toolEnv } from '../../src/sandbox/tool-env.js';
import { ToolProcess } from '../../src/sandbox/tool-process.js';
import { compareSnapshots, takeSnapshot } from '../../src/sandbox/tree-snapshot.js';

const disk = nodeDisk();
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hs-parts-'));
});
afterEach(() => removeSync(dir));

describe('compareSnapshots', () => {
  const changesBy = async (change: () => void) => {
    const before = await takeSnapshot(disk, dir, [join(dir, 'store')]);
    change();
    const after = await takeSnapshot(disk, dir, [join(dir, 'store')]);
    return compareSnapshots(before!, after!).map(({ kind, path, from }) => `${kind} ${from ?? ''}${path}`);
  };

  it('sees a content of the same size that was dated back', async () => {
    writeFileSync(join(dir, 'f'), 'one');
    utimesSync(join(dir, 'f'), 1000, 1000);
    const change = () => {
      writeFileSync(join(dir, 'f'), 'two');
      utimesSync(join(dir, 'f'), 1000, 1000);
    };
    expect(await changesBy(change)).toEqual(['change f']);
  });

  it('distinguishes a move from a deletion and a new file', async () => {
    writeFileSync(join(dir, 'a'), 'x');
    writeFileSync(join(dir, 'b'), 'longer');
    const change = () => {
      renameSync(join(dir, 'a'), join(dir, 'c'));
      rmSync(join(dir, 'b'));
      writeFileSync(join(dir, 'd'), 'other');
    };
    expect(await changesBy(change)).toEqual(['delete b', 'move ac', 'create d']);
  });

  it('sees nothing in a store, and nothing where nothing was done', async () => {
    mkdirSync(join(dir, 'store'));
    expect(await changesBy(() => writeFileSync(join(dir, 'store/x'), ''))).toEqual([]);
  });

  it('counts a hard link that was added as a new file and a change', async () => {
    writeFileSync(join(dir, 'f'), 'x');
    expect(await changesBy(() => linkSync(join(dir, 'f'), join(dir, 'g')))).toEqual(['change f', 'create g']);
  });
});

describe('toolEnv', () => {
  const paths = { cwd: '/p', out: '/o', inputs: undefined, home: '/h', tmp: '/t' };

  it('removes variables that lead to agents, buses and daemons, and keeps the rest', () => {
    const env = toolEnv(
      {
        PATH: '/bin',
        LANG: 'C',
        SSH_AUTH_SOCK: 'x',
        DBUS_SESSION_BUS_ADDRESS: 'x',
        DOCKER_HOST: 'x',
        XDG_RUNTIME_DIR: 'x',
        WAYLAND_SOCKET: '3',
        HS_IN: '/stale',
        GONE: undefined,
      },
      paths,
    );
    expect({ ...env }).toEqual({
      PATH: '/bin',
      LANG: 'C',
      HOME: '/h',
      XDG_CACHE_HOME: '/h/.cache',
      TMPDIR: '/t',
      PWD: '/p',
      HS_OUT: '/o',
    });
  });

  it('treats a variable called __proto__ as any other', () => {
    const env = toolEnv(JSON.parse('{"__proto__": "x"}') as Record<string, string>, paths);
    expect(Object.entries(env)).toContainEqual(['__proto__', 'x']);
  });
});

describe('StatusReport', () => {
  it('understands lines that arrive in pieces', async () => {
    const report = new StatusReport();
    report.add(3, 'ready abi=7 names');
    report.add(4, '{ "child-pid": 42');
    report.add(3, 'paces=1\nsig');
    report.add(4, ', "x": 1 }\n');
    report.add(3, 'nal 9\n');
    report.end();
    expect(await report.ready).toBe(true);
    expect(Object.fromEntries(report.facts)).toEqual({ abi: '7', namespaces: '1' });
    expect(report).toMatchObject({ childPid: 42, ending: { code: null, signal: 'SIGKILL' } });
  });

  it('is not ready when the launcher ends first, and says its last words', async () => {
    const report = new StatusReport();
    report.end();
    expect(await report.ready).toBe(false);
    expect(report.reason('bwrap: one\nbwrap: two\n', 1, null)).toBe('bwrap: two');
  });
});

describe('ToolProcess', () => {
  it('keeps a signal that comes before it is known whose it is', async () => {
    const tool = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const report = new StatusReport();
    const hand = new ToolProcess(tool, { toolGroup: 'reported', endWith: 'SIGKILL' }, report, 60_000);
    hand.release();
    hand.end('SIGINT');
    report.add(4, `{ "child-pid": ${tool.pid} }\n`);
    expect(await once(tool, 'exit')).toEqual([null, 'SIGINT']);
    hand.dispose();
  });
});
