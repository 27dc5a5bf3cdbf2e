/**
 * Many files put into one store ten times over, the tenth against restic; then half of them removed by a collection and
 * brought back, against the time of putting them.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirSync } from 'fs-extra/esm';
import { HS, output } from './lib.mjs';

const FILES = Number(process.env.HS_BENCH_FILES ?? 100_000);
const ROUNDS = 10;
const SIZE = 1024;
const PEER_ENV = { RESTIC_PASSWORD: 'bench' };

function write(dir, round, count) {
  rmSync(dir, { recursive: true, force: true });
  ensureDirSync(dir);
  for (let i = 0; i < count; i++) writeFileSync(join(dir, `f${i}`), `item ${round} ${i} `.padEnd(SIZE, 'x'));
}

export function manyFiles({ timed, peer, environment, home, tellPeer }) {
  const dir = join(home, 'files');
  rmSync(dir, { recursive: true, force: true });
  ensureDirSync(dir);
  const at = {
    dir,
    env: environment(join(dir, 'home')),
    peak: join(dir, 'peak'),
    tell: join(home, 'tell.cjs'),
  };
  const restic = { env: { ...at.env, ...PEER_ENV } };
  const [tree, repository] = [join(dir, 'tree'), join(dir, 'restic')];
  try {
    output(process.execPath, [HS, 'init'], { cwd: dir, env: at.env });
    output('restic', ['-q', 'init', '-r', repository], restic);
    let [ours, theirs] = [undefined, undefined];
    for (let round = 0; round < ROUNDS; round++) {
      write(tree, round, FILES);
      ours = timed(at, ['-q', 'put', '--each', tree, '--name', `r${round}`]);
      theirs = peer(at, `RESTIC_PASSWORD=bench restic -q backup -r ${repository} ${tree}`);
    }
    tellPeer('put --each at the tenth time', FILES, ours, theirs, 'restic backup', 1, 300);
    const half = FILES / 2;
    write(tree, ROUNDS, half);
    const put = timed(at, ['-q', 'put', '--each', tree, '--class', 'log', '--ttl', '0']);
    const hs = (...args) => output(process.execPath, [HS, ...args], { cwd: dir, env: at.env });
    const { report } = JSON.parse(hs('gc', '--yes', '--json'));
    const restored = timed(at, ['-q', 'restore', '--run', report]);
    tellPeer('restore --run', half, restored, put, 'hs put', 1, 400);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
