/**
 * What each command costs in a store of 1,000, 100,000 and, with `HS_BENCH_MILLION=1`, 1,000,000 artifacts: time and
 * peak memory, against the same in the small store or against a named peer on the same records. `HS_BENCH_COMMITS`
 * entries register them (10; 100,000 makes a long ledger). The stores stay in `HS_BENCH_DIR` where that is set, to be
 * used again. Reading commands run on one store by turns; those that write run on it too, and add what they add. What
 * removes runs on a copy of it, what puts and brings back many files on a store of its own (bench/scale-files.mjs).
 * A table at the end says which targets are met.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { environment, HS, median, output, scratch } from './lib.mjs';
import { manyFiles } from './scale-files.mjs';

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

const MINUTE_MS = 60_000;

/** A program over the records of a store, by the shell: time and computing (ms). */
function peer(at, script) {
  const start = performance.now();
  const { status, stderr } = spawnSync('sh', ['-c', `${script}\ntimes >&2`], {
    cwd: at.dir,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${script}: status ${status}\n${stderr}`);
  const ms = performance.now() - start;
  const children = stderr.trimEnd().split('\n').at(-1);
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  const cpu = parts.reduce((sum, [, m, s]) => sum + Number(m) * MINUTE_MS + Number(s) * 1000, 0);
  return { ms, cpu };
}

/** Commands whose cost is that of what they touch: [what, arguments]. */
const SMALL = (at) => [
  ['show', ['show', at.id]],
  ['resolve', ['resolve', at.id]],
  ['ls --name', ['ls', '--name', at.name]],
  ['ls --limit 50', ['ls', '--limit', '50']],
  ['pins', ['pins']],
  ['log of 50', ['log', '--limit', '50']],
  ['du --totals', ['du', '--totals']],
  ['pin', ['pin', at.id, '--name', 'bench']],
  ['put of one', ['put', at.file]],
  ['export of one', ['export', at.id, at.out, '--force']],
];

/** Commands that look at all: [what, arguments, peer, at most, MiB, options]. */
const LARGE = (at) => [
  [
    'ls without an index',
    ['ls', '--limit', '1'],
    `jq -c length < ${at.records}`,
    3,
    400,
    { cold: true, once: true },
  ],
  ['for-each-artifact', ['for-each-artifact', '--jsonl'], `jq -c . < ${at.listed}`, 1, 200],
  ['du', ['du'], `jq -c length < ${at.records}`, undefined, 400],
  ['plan-prune', ['plan-prune'], `jq -c length < ${at.records}`, 0.7, 500],
  ['gc --dry-run', ['gc', '--dry-run'], `jq -c length < ${at.records}`, 0.7, 500],
  ['fsck', ['fsck'], `find .hsstore -type f | sort | xargs -d '\\n' sha256sum`, 2, 400],
  [
    'ledger verify',
    ['ledger', 'verify'],
    `find .hsstore/ledger -type f | sort | xargs -d '\\n' cat | sha256sum`,
    // Ten entries name lists of operations, which cat does not read.
    COMMITS < 1000 ? undefined : 3,
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
        while read -r h; do ${process.execPath} ${HS} cat-object "$h"; done > ${at.records}`);
    sh(`find .hsstore/ledger -type f | sort | xargs -d '\\n' cat | jq -c '.ops[]?' >> ${at.records}`);
    const lines = Number(output('sh', ['-c', `wc -l < ${at.records}`], {}));
    if (lines < size) throw new Error(`${at.records} has ${lines} records of ${size}`);
  }
  const [line] = hs('for-each-artifact', '--jsonl', '--filter', 'name=exp-*1/model').split('\n');
  at.id = JSON.parse(line).artifact_id;
  at.name = JSON.parse(hs('show', '--json', at.id)).record.name;
  return at;
}

const MOST_GROWTH = 1.5;
const MOST_MIB = 150;

/** Every figure with a target, for the table at the end. */
const figures = [];

/** `now` is undefined for what took too long, `most` where there is no target of time. */
function tell({ what, size, now, theirs, most, mostMib, note }) {
  const ratio = now && now.ms / theirs.ms;
  const computing = now && theirs.cpu > 0 ? now.cpu / theirs.cpu : undefined;
  const mib = now?.mib;
  const isMet = (most === undefined || ratio <= most) && (mib ?? Number.POSITIVE_INFINITY) <= mostMib;
  const figure = { what: `${what} of ${size}`, ratio, computing, most, mib, mostMib, isMet };
  figures.push(figure);
  const against = ratio === undefined ? `more than ${TIMEOUT_MS / 1000} s` : ratio.toFixed(2);
  console.log(
    `${(isMet ? 'ok' : 'MISSED').padEnd(6)} ${against} (at most ${most ?? '-'})  ${figure.what}: ${note}`,
  );
}

const told = (now) =>
  now === undefined
    ? ''
    : `${now.ms.toFixed(0)} ms (${now.cpu.toFixed(0)} of computing), ${now.mib.toFixed(0)} MiB`;

function tellGrowth(what, size, now, small) {
  const note = `${told(now)} against ${told(small)}`;
  tell({ what, size, now, theirs: small, most: MOST_GROWTH, mostMib: MOST_MIB, note });
}

function tellPeer(what, size, now, theirs, peer, most, mostMib) {
  const note = `${told(now)} against ${theirs.ms.toFixed(0)} ms (${theirs.cpu.toFixed(0)}) of '${peer}'`;
  tell({ what, size, now, theirs, most, mostMib, note });
}

function bytesOf(at) {
  const du = (path) => Number(output('du', ['-sb', path], { cwd: at.dir }).split('\t')[0]);
  const [index, besides] = [du('.hsstore/cache'), du('.hsstore') - at.size * 256].map((n) => n / at.size);
  const most = 700;
  figures.push({
    what: `bytes besides payloads of ${at.size}`,
    bytes: besides,
    most,
    isMet: besides <= most,
  });
  console.log(
    `       ${index.toFixed(0)} bytes an artifact in the index, ${besides.toFixed(0)} besides payloads`,
  );
}

/** A collection that removes what is over, on a copy, which has an anchor of its own. */
function collect(at, home) {
  const [dir, state] = [join(home, 'copy'), join(home, 'copy-state')];
  for (const path of [dir, state]) rmSync(path, { recursive: true, force: true });
  output('cp', ['-a', at.dir, dir], {});
  cpSync(at.env.XDG_STATE_HOME, state, { recursive: true });
  const copy = { ...at, dir, env: { ...at.env, XDG_STATE_HOME: state } };
  try {
    // The index of a copy is made anew.
    often(copy, ['ls', '--limit', '1'], { once: true });
    const plan = often(copy, ['gc', '--dry-run']);
    const now = often(copy, ['gc', '--yes'], { once: true });
    if (plan !== undefined) tellPeer('gc --yes', at.size, now, plan, 'hs gc --dry-run', 3, 500);
  } finally {
    for (const path of [dir, state]) rmSync(path, { recursive: true, force: true });
  }
}

function table() {
  const rows = figures.map(({ what, ratio, computing, bytes, most, mib, mostMib, isMet }) => [
    isMet ? 'met' : 'MISSED',
    what,
    bytes?.toFixed(0) ?? ratio?.toFixed(2) ?? 'too long',
    computing?.toFixed(2) ?? '-',
    `${most ?? '-'}`,
    mib?.toFixed(0) ?? '-',
    `${mostMib ?? '-'}`,
  ]);
  const all = [['', 'work', 'ratio', 'computing', 'at most', 'MiB', 'at most'], ...rows];
  const widths = all[0].map((_, i) => Math.max(...all.map((row) => row[i].length)));
  console.log();
  for (const row of all) {
    console.log(row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '));
  }
}

export async function run() {
  const kept = process.env.HS_BENCH_DIR;
  const dir = kept === undefined ? scratch() : { path: kept, remove: () => undefined };
  const isAsked = ([what]) => ONLY === undefined || ONLY.split(',').includes(what);
  try {
    const makeStore = await maker();
    const small = new Map();
    for (const size of SIZES) {
      const at = await prepare(size, dir.path, makeStore);
      for (const [what, args] of SMALL(at).filter(isAsked)) {
        const now = often(at, args);
        if (!small.has(what)) small.set(what, now);
        tellGrowth(what, size, now, small.get(what));
      }
      // What a start takes is no part of these targets.
      if (size === SIZES[0] && SIZES.length > 1) continue;
      for (const [what, args, script, most, mib, options] of LARGE(at).filter(isAsked)) {
        const now = often(at, args, options);
        const name = script.split(' ').slice(0, 3).join(' ');
        tellPeer(what, size, now, peer(at, script), name, most, mib);
      }
      if (isAsked(['gc --yes'])) collect(at, dir.path);
      bytesOf(at);
    }
    if (isAsked(['put --each'])) manyFiles({ timed, peer, environment, home: dir.path, tellPeer });
    table();
    return figures.every(({ isMet }) => isMet);
  } finally {
    dir.remove();
  }
}
