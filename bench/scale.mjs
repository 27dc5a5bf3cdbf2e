/**
 * What each command costs in a store of 1,000, 100,000 and, with `HS_BENCH_MILLION=1`, 1,000,000 artifacts: time and
 * peak memory, against the same in the small store or against a named peer on the same records. `HS_BENCH_COMMITS`
 * entries register them (10; 100,000 makes a long ledger). The stores stay in `HS_BENCH_DIR` where that is set, to be
 * used again. Reading commands run on one store by turns; those that write run on it too, and add what they add.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { environment, HS, median, output, scratch } from './lib.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const COMMITS = Number(process.env.HS_BENCH_COMMITS ?? 10);
const RUNS = Number(process.env.HS_BENCH_RUNS ?? 5);
const SIZES = process.env.HS_BENCH_SIZES?.split(',').map(Number) ?? [
  1000,
  100_000,
  ...(process.env.HS_BENCH_MILLION === '1' ? [1_000_000] : []),
];
const TIMEOUT_MS = Number(process.env.HS_BENCH_TIMEOUT_MS ?? 300_000);
const ONLY = process.env.HS_BENCH_ONLY;
const MIB = 1024;

/** Tells a file how much memory the process held at its most (KiB), and how long it computed (µs). */
const TELL_PEAK = `process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  require('node:fs').writeFileSync(process.env.HS_BENCH_PEAK, maxRSS + ' ' + (userCPUTime + systemCPUTime));
});`;

async function maker() {
  const outfile = join(HERE, '..', 'node_modules', '.cache', 'hs-bench', 'scale-store.mjs');
  const options = { bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'error' };
  await build({ ...options, entryPoints: [join(HERE, 'scale-store.ts')], outfile });
  return (await import(pathToFileURL(outfile).href)).makeStore;
}

/** Time (ms) and peak memory (MiB) of one run; undefined when it took too long. Status 1 of `--exit-code` is one. */
function measure(at, args, { cold = false } = {}) {
  if (cold) rmSync(join(at.dir, '.hsstore', 'cache'), { recursive: true, force: true });
  if (cold) mkdirSync(join(at.dir, '.hsstore', 'cache'), { mode: 0o700 });
  const env = { ...at.env, HS_BENCH_PEAK: at.peak, NODE_OPTIONS: `--require ${at.tell}` };
  const out = spawnSync(process.execPath, [HS, ...args], {
    cwd: at.dir,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  return out;
}

function timed(at, args, options) {
  const start = performance.now();
  const { status, stderr, error } = measure(at, args, options);
  const ms = performance.now() - start;
  if (error?.code === 'ETIMEDOUT') return undefined;
  if (status !== 0) throw new Error(`hs ${args.join(' ')}: status ${status}\n${stderr}`);
  const [peak, cpu] = readFileSync(at.peak, 'utf8').split(' ').map(Number);
  return { ms, mib: peak / MIB, cpu: cpu / 1000 };
}

/** The median of several runs; of one when it takes long. */
function often(at, args, options) {
  const first = timed(at, args, options);
  if (first === undefined) return undefined;
  const all = [first];
  const runs = first.ms > 5000 || options?.once ? 1 : RUNS;
  while (all.length < runs) all.push(timed(at, args, options));
  const of = (key) => median(all.map((r) => r[key]));
  return { ms: of('ms'), cpu: of('cpu'), mib: Math.max(...all.map((r) => r.mib)) };
}

/** A program over the records of a store, by the shell. */
function peer(at, script) {
  const start = performance.now();
  const { status, stderr } = spawnSync('sh', ['-c', script], {
    cwd: at.dir,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`${script}: status ${status}\n${stderr}`);
  return performance.now() - start;
}

/** Commands whose cost is that of what they touch: [what, arguments]. */
const SMALL = (at) => [
  ['show', ['show', at.id]],
  ['resolve', ['resolve', at.id]],
  ['ls --name', ['ls', '--name', at.name]],
  ['ls --limit 50', ['ls', '--limit', '50']],
  ['pins', ['pins']],
  ['log of 50', ['log', '--limit', '50']],
  ['du', ['du']],
  ['pin', ['pin', at.id, '--name', 'bench']],
  ['put of one', ['put', at.file]],
  ['export of one', ['export', at.id, at.out, '--force']],
];

/** Commands that look at all: [what, arguments, peer, at most, MiB, options]. */
const LARGE = (at) => [
  [
    'ls, index deleted',
    ['ls', '--limit', '1'],
    `jq -c length < ${at.records}`,
    3,
    400,
    { cold: true, once: true },
  ],
  ['for-each-artifact', ['for-each-artifact', '--jsonl'], `jq -c . < ${at.listed}`, 1, 200],
  ['plan-prune', ['plan-prune'], `jq -c length < ${at.records}`, 0.7, 500],
  ['gc --dry-run', ['gc', '--dry-run'], `jq -c length < ${at.records}`, 0.7, 500],
  ['fsck', ['fsck'], `find .hsstore -type f | sort | xargs -d '\\n' sha256sum`, 2, 400],
  [
    'ledger verify',
    ['ledger', 'verify'],
    `find .hsstore/ledger -type f | sort | xargs -d '\\n' cat | sha256sum`,
    3,
    400,
  ],
];

async function prepare(size, home, makeStore) {
  const dir = join(home, `store-${size}-${COMMITS}`);
  const env = environment(join(home, 'home'));
  const at = {
    size,
    dir,
    env,
    peak: join(home, 'peak'),
    tell: join(home, 'tell.cjs'),
    out: join(home, 'out'),
  };
  at.file = join(home, 'file');
  writeFileSync(at.tell, TELL_PEAK);
  writeFileSync(at.file, 'one');
  at.records = join(home, `records-${size}-${COMMITS}`);
  at.listed = join(home, `listed-${size}-${COMMITS}`);
  if (!existsSync(dir)) {
    mkdirSync(dir, { recursive: true });
    const start = performance.now();
    // The anchor and the user's secret belong to the environment of the commands.
    Object.assign(process.env, { HOME: env.HOME, XDG_STATE_HOME: env.XDG_STATE_HOME });
    const commits = Math.min(COMMITS, size);
    const few = Math.min(1000, size / 10);
    await makeStore({ dir, artifacts: size, commits, seed: 1, pinned: few, expired: few });
    console.log(`       made ${size} artifacts in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
  const hs = (...args) => output(process.execPath, [HS, ...args], { cwd: dir, env });
  if (!existsSync(at.listed)) {
    const fd = `> ${at.listed}`;
    const sh = (script) => output('sh', ['-c', script], { cwd: dir, env });
    sh(`${process.execPath} ${HS} for-each-artifact --jsonl ${fd}`);
    sh(`find .hsstore/ledger -type f | sort | xargs -d '\\n' cat | jq -r '.ops_object // empty' |
        while read -r h; do cat .hsstore/objects/$(printf %.2s "$h")/$h; done > ${at.records}`);
    sh(`find .hsstore/ledger -type f | sort | xargs -d '\\n' cat | jq -c '.ops[]?' >> ${at.records}`);
  }
  const [line] = hs('for-each-artifact', '--jsonl', '--filter', 'name=exp-*1/model').split('\n');
  at.id = JSON.parse(line).artifact_id;
  at.name = JSON.parse(hs('show', '--json', at.id)).record.name;
  return at;
}

const MOST_GROWTH = 1.5;
const MOST_MIB = 150;

function tell(ok, what, figure, at, note) {
  const told =
    at === undefined
      ? `more than ${TIMEOUT_MS / 1000} s`
      : `${at.ms.toFixed(0)} ms (${at.cpu.toFixed(0)} of computing), ${at.mib.toFixed(0)} MiB`;
  console.log(`${(ok ? 'ok' : 'MISSED').padEnd(6)} ${figure}  ${what}: ${told}${note}`);
  return ok;
}

function growth(what, size, now, small) {
  const ratio = now === undefined ? Number.POSITIVE_INFINITY : now.ms / small.ms;
  const ok = ratio <= MOST_GROWTH && now.mib <= MOST_MIB;
  return tell(
    ok,
    `${what} of ${size}`,
    `${ratio.toFixed(2)} (at most ${MOST_GROWTH})`,
    now,
    ` against ${small.ms.toFixed(0)} ms (${small.cpu.toFixed(0)}), ${small.mib.toFixed(0)} MiB`,
  );
}

function bytesOf(at) {
  const du = (path) => Number(output('du', ['-sb', path], { cwd: at.dir }).split('\t')[0]);
  const cache = du('.hsstore/cache');
  const besides = du('.hsstore') - at.size * 256;
  console.log(
    `       ${(cache / at.size).toFixed(0)} bytes an artifact in the index, ${(besides / at.size).toFixed(0)} besides payloads, of ${at.size}`,
  );
}

export async function run() {
  const kept = process.env.HS_BENCH_DIR;
  const dir = kept === undefined ? scratch() : { path: kept, remove: () => undefined };
  let met = true;
  try {
    const makeStore = await maker();
    const small = new Map();
    for (const size of SIZES) {
      const at = await prepare(size, dir.path, makeStore);
      const isAsked = ([what]) => ONLY === undefined || ONLY.split(',').includes(what);
      for (const [what, args] of SMALL(at).filter(isAsked)) {
        const now = often(at, args);
        if (!small.has(what)) small.set(what, now);
        met = growth(what, size, now, small.get(what)) && met;
      }
      for (const [what, args, script, most, mib, options] of LARGE(at).filter(isAsked)) {
        const now = often(at, args, options);
        const theirs = peer(at, script);
        const ratio = now === undefined ? Number.POSITIVE_INFINITY : now.ms / theirs;
        const ok = ratio <= most && now.mib <= mib;
        const told = tell(
          ok,
          `${what} of ${size}`,
          `${ratio.toFixed(2)} (at most ${most})`,
          now,
          ` against ${theirs.toFixed(0)} ms of '${script.split(' ').slice(0, 3).join(' ')}'`,
        );
        if (size !== SIZES[0]) met = told && met;
      }
      bytesOf(at);
    }
    return met;
  } finally {
    dir.remove();
  }
}
