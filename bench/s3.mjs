/**
 * A store on an S3 service: `hs put` of 1 GiB and of 10,000 small files against `restic backup` and `rclone copy` to
 * the same server, each into a prefix of its own. The server is Ceph's gateway on this machine, or `HS_TEST_S3`.
 */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDirSync } from 'fs-extra/esm';
import { environment, HS, median, report, scratch, time, writeRandom, writeTree } from './lib.mjs';

const SCRIPT = fileURLToPath(new URL('../test/service/ceph.sh', import.meta.url));
const RUNS = Number(process.env.HS_BENCH_RUNS ?? 3);
const BUCKET = 'hs-bench';

const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Ceph's gateway, started below `dir`; undefined: it cannot be. */
function startService(dir) {
  const given = process.env.HS_TEST_S3;
  if (given !== undefined) return { endpoint: given, stop: () => undefined };
  if (process.getuid() !== 0 || !['radosgw', 'ceph-mon', 'ceph-osd'].every(has)) return undefined;
  const options = { env: { ...process.env, D: dir, PORT: '7480' } };
  time('bash', [SCRIPT, 'start'], options);
  return { endpoint: 'http://127.0.0.1:7480', stop: () => time('bash', [SCRIPT, 'stop'], options) };
}

/** How each program stores a file or a directory in a fresh prefix, in milliseconds. */
function programs(home, endpoint) {
  // rclone refuses a bundle of certificates, which nothing here needs.
  const { AWS_CA_BUNDLE: _, ...rest } = environment(home);
  const env = {
    ...rest,
    AWS_ACCESS_KEY_ID: 'hskey',
    AWS_SECRET_ACCESS_KEY: 'hssecret',
    AWS_ENDPOINT_URL_S3: endpoint,
    RESTIC_PASSWORD: 'x',
    XDG_CACHE_HOME: join(home, 'cache'),
  };
  const options = { cwd: home, env };
  const remote = `:s3,provider=Ceph,env_auth=true,endpoint='${endpoint}':${BUCKET}`;
  let serial = 0;
  const prefix = () => `${process.pid}-${serial++}`;
  time('rclone', ['mkdir', remote], options);
  return {
    hs: (path) => {
      const store = `s3://${BUCKET}/${prefix()}`;
      time(process.execPath, [HS, 'init', store], options);
      return time(process.execPath, [HS, '--store', store, 'put', path], options);
    },
    restic: (path) => {
      const to = ['-q', '-r', `s3:${endpoint}/${BUCKET}/${prefix()}`];
      time('restic', [...to, 'init'], options);
      return time('restic', [...to, 'backup', path], options);
    },
    rclone: (path) => time('rclone', ['copy', path, `${remote}/${prefix()}`], options),
  };
}

/** By turns; the peer is the faster one. */
function compare(what, each, path) {
  const names = Object.keys(each);
  const times = new Map(names.map((name) => [name, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const name of run % 2 === 0 ? names : names.toReversed()) times.get(name).push(each[name](path));
  }
  const medians = new Map([...times].map(([name, values]) => [name, median(values)]));
  const [restic, rclone] = [medians.get('restic'), medians.get('rclone')];
  const peer = Math.min(restic, rclone);
  const ours = medians.get('hs');
  const note = `; restic ${restic.toFixed(0)} ms, rclone ${rclone.toFixed(0)} ms`;
  return report(`hs put of ${what} to S3 / the faster peer`, { ours, peer, ratio: ours / peer }, 1, note);
}

export function run() {
  const dir = scratch();
  const service = has('restic') && has('rclone') ? startService(dir.path) : undefined;
  try {
    if (service === undefined) {
      console.log('skip   hs put to S3: needs restic and rclone, and Ceph as root or HS_TEST_S3');
      return true;
    }
    const home = join(dir.path, 'home');
    ensureDirSync(home);
    const each = programs(home, service.endpoint);
    const tree = join(dir.path, 'tree');
    writeTree(tree, 10_000, 4096);
    const small = compare('10,000 files of 4 KiB', each, tree);
    const large = join(dir.path, 'large');
    writeRandom(large, 2 ** 30);
    return compare('1 GiB', each, large) && small;
  } finally {
    service?.stop();
    dir.remove();
  }
}
