/**
 * A collection over 100,000 artifacts, half of them over, against what peers take to drop half of as
 * many files: git, restic, borg and ostree, as far as they are installed. Without a target, since it is
 * not the same work: the peers decide about two roots and delete, hs decides about each item, reads what
 * would go, keeps a report, and moves every object to the trash before it unlinks it. Each run works on a
 * fresh copy.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copySync, ensureDirSync, removeSync } from 'fs-extra/esm';
import { environment, HS, median, output, scratch, time } from './lib.mjs';

const ITEMS = Number(process.env.HS_BENCH_ITEMS ?? 100_000);
const RUNS = Number(process.env.HS_BENCH_RUNS ?? 3);
const SIZE = 1024;
function write(dir, from, to) {
  ensureDirSync(dir);
  for (let i = from; i < to; i++) writeFileSync(join(dir, `f${i}`), `item ${i} `.padEnd(SIZE, 'x'));
}

const installed = (program) => spawnSync('which', [program]).status === 0;

/** Each makes its store in `dir` from `old` and `kept`, and says how it drops what came from `old`. */
const PEERS = {
  git: {
    make(dir, { old, kept }, env) {
      const git = (...args) => output('git', ['-C', dir, ...args], { env });
      git('init', '-q', '--bare', '.');
      for (const tree of [old, kept]) {
        git('--work-tree', tree, 'add', '-A');
        const written = git('write-tree').trim();
        if (tree === kept) {
          const id = ['-c', 'user.name=b', '-c', 'user.email=b@example.org'];
          git('update-ref', 'refs/heads/main', git(...id, 'commit-tree', '-m', 'kept', written).trim());
        }
        rmSync(join(dir, 'index'));
      }
    },
    collect: (dir, env) => time('git', ['-C', dir, 'gc', '--quiet', '--prune=now'], { env }),
  },
  restic: {
    env: { RESTIC_PASSWORD: 'bench' },
    make(dir, { old, kept }, env) {
      output('restic', ['-q', 'init', '-r', dir], { env });
      for (const tree of [old, kept]) output('restic', ['-q', 'backup', '-r', dir, tree], { env });
    },
    collect: (dir, env) =>
      time(
        'restic',
        ['-q', 'forget', '-r', dir, '--group-by', '', '--keep-last', '1', '--prune', '--max-unused', '0'],
        { env },
      ),
  },
  borg: {
    env: { BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes', BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes' },
    make(dir, { old, kept }, env) {
      output('borg', ['init', '-e', 'none', dir], { env });
      output('borg', ['create', `${dir}::old`, old], { env });
      output('borg', ['create', `${dir}::kept`, kept], { env });
    },
    collect: (dir, env) =>
      time('borg', ['prune', '--keep-last', '1', dir], { env }) +
      time('borg', ['compact', '--threshold', '0', dir], { env }),
  },
  ostree: {
    make(dir, { old, kept }, env) {
      output('ostree', ['init', `--repo=${dir}`, '--mode=bare-user-only'], { env });
      for (const [branch, tree] of [
        ['old', old],
        ['kept', kept],
      ]) {
        output('ostree', ['commit', `--repo=${dir}`, '-b', branch, `--tree=dir=${tree}`, '--no-xattrs'], {
          env,
        });
      }
      output('ostree', ['refs', `--repo=${dir}`, '--delete', 'old'], { env });
    },
    collect: (dir, env) => time('ostree', ['prune', `--repo=${dir}`, '--refs-only'], { env }),
  },
};

function makeOurs(dir, { old, kept }, env) {
  const hs = (...args) => output(process.execPath, [HS, ...args], { cwd: dir, env });
  hs('init');
  hs('put', '--each', old, '--ttl', '1', '--now', '2026-01-01T00:00:00Z', '--quiet');
  hs('put', '--each', kept, '--quiet');
}

export async function run() {
  const dir = scratch();
  try {
    const trees = { old: join(dir.path, 'in/old'), kept: join(dir.path, 'in/kept') };
    write(trees.old, 0, ITEMS / 2);
    write(trees.kept, ITEMS / 2, ITEMS);
    let copies = 0;
    // A copy of a store is behind what was seen of it: each run has a home of its own.
    const fresh = (name) => {
      const home = join(dir.path, `run${copies++}`);
      copySync(join(dir.path, name), join(home, 'store'));
      return { at: join(home, 'store'), home, env: { ...environment(home), ...PEERS[name]?.env } };
    };
    const prepare = (name, make) => {
      const at = join(dir.path, name);
      mkdirSync(at);
      make(at, trees, { ...environment(join(dir.path, `home-${name}`)), ...PEERS[name]?.env });
    };
    prepare('hs', makeOurs);
    const plans = [];
    const ours = [];
    const theirs = new Map();
    const peers = Object.keys(PEERS).filter(installed);
    for (const name of peers) prepare(name, PEERS[name].make);
    for (let i = 0; i < RUNS; i++) {
      const { at, home, env } = fresh('hs');
      const hs = (...args) => time(process.execPath, [HS, ...args], { cwd: at, env });
      hs('ls', '--quiet');
      plans.push(hs('plan-prune'));
      ours.push(hs('gc', '--yes', '--empty-trash'));
      removeSync(home);
      for (const name of peers) {
        const copy = fresh(name);
        theirs.set(name, [...(theirs.get(name) ?? []), PEERS[name].collect(copy.at, copy.env)]);
        removeSync(copy.home);
      }
    }
    const items = ITEMS.toLocaleString('en');
    console.log(`       hs plan-prune over ${items} artifacts: ${median(plans).toFixed(0)} ms`);
    for (const name of Object.keys(PEERS))
      if (!peers.includes(name)) console.log(`       ${name} is not installed`);
    const mine = median(ours);
    for (const name of peers) {
      const peer = median(theirs.get(name));
      console.log(
        `       ${(mine / peer).toFixed(2)} (no target)  hs gc --yes --empty-trash over ${items} items, half of them over, against ${name}: ${mine.toFixed(0)} ms against ${peer.toFixed(0)} ms`,
      );
    }
    return true;
  } finally {
    dir.remove();
  }
}
