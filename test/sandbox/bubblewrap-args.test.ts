import { describe, expect, it } from 'vitest';
import { bubblewrapArgs, type Mounts, toolPaths } from '../../src/sandbox/bubblewrap-args.js';
import type { SandboxPaths } from '../../src/sandbox/sandbox-paths.js';

function mounts(paths: Partial<SandboxPaths>, more: Partial<Mounts> = {}): Mounts {
  const project = paths.project ?? '/ws/project';
  return {
    paths: {
      project,
      cwd: project,
      capture: `${project}/.hsstore/tmp/out`,
      inputs: undefined,
      scratch: '/tmp/scratch',
      store: `${project}/.hsstore`,
      ...paths,
    },
    project: { source: project, writable: false },
    hidden: ['/tmp', '/var/tmp', '/run'],
    uid: 1000,
    gid: 1000,
    network: false,
    kept: [],
    filtered: true,
    emptied: [],
    ...more,
  };
}

/** `--option path` for every mount, in order, from the first hidden directory on. */
function layers(m: Mounts): string[] {
  const args = bubblewrapArgs(m);
  const all = args.flatMap((arg, i) => {
    if (arg === '--tmpfs' || arg === '--remount-ro') return [`${arg} ${args[i + 1]}`];
    return arg === '--bind' || arg === '--ro-bind' ? [`${arg} ${args[i + 2]}`] : [];
  });
  return all.filter((one) => !/ \/(proc\/sys)?$| \/run/.test(one));
}

describe('bubblewrapArgs', () => {
  it('hides the store after the project is there', () => {
    const overlay = { project: { source: '/tmp/scratch/merged', writable: true } };
    expect(layers(mounts({}, overlay))).toEqual([
      '--tmpfs /tmp',
      '--tmpfs /var/tmp',
      '--bind /ws/project',
      '--tmpfs /ws/project/.hsstore',
      '--remount-ro /ws/project/.hsstore',
    ]);
  });

  it('shows a project in /tmp, and its store not', () => {
    expect(layers(mounts({ project: '/tmp/p' }))).toEqual([
      '--tmpfs /tmp',
      '--tmpfs /var/tmp',
      '--ro-bind /tmp/p',
      '--tmpfs /tmp/p/.hsstore',
      '--remount-ro /tmp/p/.hsstore',
    ]);
  });

  it('makes another TMPDIR when the project is /tmp itself', () => {
    const m = mounts({ project: '/tmp', scratch: '/var/tmp/s' });
    expect(layers(m).slice(0, 2)).toEqual(['--tmpfs /tmp', '--ro-bind /tmp']);
    expect(toolPaths(m).tmp).toBe('/run/hs/tmp');
  });

  it('hides a scratch directory that is below no hidden directory', () => {
    expect(layers(mounts({ scratch: '/home/u/scratch' }))).toContain('--tmpfs /home/u/scratch');
    expect(layers(mounts({ scratch: '/ws/project/s' }))).toContain('--remount-ro /ws/project/s');
  });

  it('shows the current directory where a hidden one has it below, read-only', () => {
    expect(layers(mounts({ cwd: '/tmp/elsewhere' }))).toContain('--ro-bind /tmp/elsewhere');
    expect(layers(mounts({ cwd: '/tmp' }))).not.toContain('--ro-bind /tmp');
  });

  it('denies the network unless requested', () => {
    expect(bubblewrapArgs(mounts({}))).toContain('--unshare-net');
    expect(bubblewrapArgs(mounts({}, { network: true }))).not.toContain('--unshare-net');
  });
});
