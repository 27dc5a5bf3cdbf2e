import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copySync, removeSync } from 'fs-extra/esm';
import { openTestSession } from '../helpers/store.js';
import type { Promised } from '../sim/invariants.js';
import { Rng } from '../sim/rng.js';
import { storeHolds } from './verdict.js';

/** System calls that change a file, a name or an attribute, or make one durable. */
const CALLS =
  'write,pwrite64,writev,openat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,' +
  'ftruncate,fallocate,copy_file_range,fchmod,chmod,fchmodat,utimensat,fsync,fdatasync,syncfs,sync_file_range';
const OPENS_TO_WRITE = /O_(?:CREAT|TRUNC|WRONLY|RDWR)/;
const FAULTS = ['signal=KILL', 'error=EIO', 'error=ENOSPC', 'error=EINTR'] as const;

interface Command {
  readonly args: readonly string[];
  /** What the same command is told when it runs again: done before, or done now. */
  readonly again: readonly number[];
}

const out = (name: string) => join('out', name);
/** Every kind of change: objects, packs, entries, trash, destinations, policy. */
const COMMANDS: readonly Command[] = [
  { args: ['put', 'src/file', '--name', 'new'], again: [0] },
  { args: ['put', 'src/tree', '--name', 'new'], again: [0] },
  { args: ['pin', 'kept', '--name', 'again'], again: [0, 8] },
  { args: ['unpin', 'held', '--name', 'other'], again: [0, 4] },
  { args: ['label', 'kept', 'stage=two'], again: [0, 2, 8] },
  { args: ['rename', 'kept', 'known'], again: [0, 4] },
  { args: ['retain', 'kept', '--ttl', '5'], again: [0, 2, 8] },
  { args: ['promote', 'kept'], again: [0, 6, 8] },
  { args: ['rm', 'gone', '--yes'], again: [0, 4] },
  { args: ['gc', '--yes'], again: [0] },
  { args: ['gc', '--yes', '--empty-trash'], again: [0] },
  { args: ['restore', 'removed'], again: [0, 4, 8] },
  { args: ['export', 'kept', out('new')], again: [0, 8] },
  { args: ['export', 'kept', out('file'), '--force'], again: [0] },
  { args: ['export', 'tree', out('tree'), '--force'], again: [0] },
  { args: ['bundle', 'create', 'kept', 'tree', '--name', 'both'], again: [0] },
  { args: ['import', 'bundle.tar'], again: [0] },
  { args: ['policy', 'set', 'retention.classes.log.window_days=3'], again: [0] },
  { args: ['ledger', 'append-note', 'a note'], again: [0] },
];

export interface SweepRun {
  /** Of the project, which is built. */
  readonly root: string;
  /** Empty, and removed by the caller. */
  readonly dir: string;
  /** At most so many faults, spread over all by the seed. */
  readonly points: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Told each command before its faults. */
  readonly onCommand?: (args: readonly string[]) => void;
}

export interface SweepResult {
  readonly commands: number;
  /** System calls at which a command can be killed or failed. */
  readonly calls: number;
  readonly kills: number;
  readonly failures: number;
  /** Faults that the command ended before. */
  readonly missed: number;
  readonly broken: readonly string[];
}

interface Point {
  readonly command: Command;
  readonly call: string;
  readonly nth: number;
  readonly fault: (typeof FAULTS)[number];
}

class Sweep {
  readonly #run: SweepRun;
  readonly #work: string;
  readonly #base: string;
  readonly broken: string[] = [];
  #promised: Promised = {};
  kills = 0;
  failures = 0;
  missed = 0;

  constructor(run: SweepRun) {
    this.#run = run;
    this.#work = join(run.dir, 'w');
    this.#base = join(run.dir, 'base');
  }

  #spawn(before: readonly string[], args: readonly string[]) {
    const program = [...before, process.execPath, join(this.#run.root, 'bin/hs.js'), ...args];
    const env = {
      PATH: process.env.PATH,
      HOME: this.#work,
      XDG_STATE_HOME: `${this.#work}/.state`,
      XDG_CACHE_HOME: `${this.#work}/.cache`,
      LANG: 'C.UTF-8',
      HS_ACTOR: 'human:tester',
      // `when=` counts the calls of each thread.
      UV_THREADPOOL_SIZE: '1',
    };
    return spawnSync(program[0]!, program.slice(1), { cwd: this.#work, env, encoding: 'utf8', input: '' });
  }

  #must(...args: readonly string[]): void {
    const { status, stderr } = this.#spawn([], args);
    if (status !== 0) throw new Error(`hs ${args.join(' ')}: ${status} ${stderr}`);
  }

  async prepare(): Promise<void> {
    const src = join(this.#work, 'src');
    mkdirSync(join(src, 'tree/sub'), { recursive: true });
    mkdirSync(join(this.#work, 'out'));
    for (const name of ['kept', 'held', 'gone', 'removed', 'file', 'tree/a', 'tree/sub/b'])
      writeFileSync(join(src, name), `${name}\n`);
    this.#must('init');
    for (const name of ['kept', 'held', 'gone', 'removed', 'tree'])
      this.#must('put', `src/${name}`, '--name', name);
    for (const name of ['one', 'other']) this.#must('pin', 'held', '--name', name);
    this.#must('rm', 'removed', '--yes');
    this.#must('export', 'gone', out('file'));
    this.#must('export', 'tree', out('tree'));
    writeFileSync(join(src, 'tree/a'), 'another\n');
    this.#must('bundle', 'create', 'kept', '--name', 'bundle');
    this.#must('export', 'bundle', 'bundle.tar', '--format', 'tar');
    const session = await openTestSession(this.#work);
    const live = await (await session.catalog()).live().all();
    await session.close();
    const held = live.find((r) => r.name === 'held')!.artifact_id;
    this.#promised = { acknowledged: live.map((r) => r.artifact_id), pinned: new Map([['one', held]]) };
    copySync(this.#work, this.#base);
  }

  /** Everything as it was, in the same directories: a store is known by the inode of its own. */
  #reset(): void {
    for (const dir of ['.hsstore', '.state', 'out', 'src']) {
      const at = join(this.#work, dir);
      for (const name of readdirSync(at)) removeSync(join(at, name));
      copySync(join(this.#base, dir), at, { preserveTimestamps: true });
    }
    removeSync(join(this.#work, '.cache'));
  }

  /** The system calls of a command that write below its directory, as `when=` counts them. */
  callsOf(command: Command): { call: string; nth: number }[] {
    this.#reset();
    const log = join(this.#run.dir, 'trace');
    const { status, stderr } = this.#spawn(
      ['strace', '-f', '-y', '-qq', '-s', '4096', '-o', log, '-e', `trace=${CALLS}`, '-e', 'signal=none'],
      command.args,
    );
    if (status !== 0) throw new Error(`hs ${command.args.join(' ')}: ${status} ${stderr}`);
    const counts = new Map<string, number>();
    const found = new Map<string, { call: string; nth: number }>();
    for (const line of readFileSync(log, 'utf8').split('\n')) {
      const [, pid, call, rest = ''] = /^(\d+) +(\w+)\((.*)/.exec(line) ?? [];
      if (call === undefined) continue;
      const nth = (counts.get(`${pid} ${call}`) ?? 0) + 1;
      counts.set(`${pid} ${call}`, nth);
      const isOurs = rest.includes(this.#work) || rest.includes('"/proc/self/fd/');
      if (isOurs && (call !== 'openat' || OPENS_TO_WRITE.test(rest)))
        found.set(`${call} ${nth}`, { call, nth });
    }
    return [...found.values()];
  }

  async at({ command, call, nth, fault }: Point): Promise<void> {
    this.#reset();
    const what = `${command.args.join(' ')}: ${fault} at ${call} ${nth}`;
    const complain = (why: string) => this.broken.push(`${what}: ${why}`);
    const inject = `inject=${call}:${fault}:when=${nth}`;
    const strace = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject];
    const { status, signal, stderr } = this.#spawn(strace, command.args);
    if (fault !== 'signal=KILL') this.failures++;
    else if (signal === 'SIGKILL' || status === 137) this.kills++;
    else this.missed++;
    if (status === 70 || stderr.includes('bug in hs')) complain(`ended with ${status}: ${stderr}`);
    const second = this.#spawn([], command.args);
    if (!command.again.includes(second.status ?? -1)) complain(`again: ${second.status} ${second.stderr}`);
    for (const why of await storeHolds(this.#work, this.#promised)) complain(why);
    for (const name of readdirSync(join(this.#work, 'out')))
      if (!['file', 'tree', 'new'].includes(name)) complain(`out/${name} is left`);
    this.#destinations(complain);
  }

  #destinations(complain: (why: string) => void): void {
    const at = (...path: string[]) => readFileSync(join(this.#work, 'out', ...path), 'utf8');
    if (!/^(gone|kept)\n$/.test(at('file'))) complain('a file is neither old nor new');
    if (at('tree', 'a') !== 'tree/a\n' || at('tree', 'sub', 'b') !== 'tree/sub/b\n')
      complain('a tree is torn');
    if (existsSync(join(this.#work, 'out/new')) && at('new') !== 'kept\n') complain('a new file is torn');
  }
}

/** Some of them, by the seed, in their order. */
function chosen<T>(all: readonly T[], most: number, rng: Rng): T[] {
  const picked = all.map((item) => ({ item, key: rng.next() })).sort((a, b) => a.key - b.key);
  const kept = new Set(picked.slice(0, most).map(({ item }) => item));
  return all.filter((item) => kept.has(item));
}

/**
 * Kills each changing command at each of its system calls that write, and lets each of those fail. The next command
 * must then find everything in order, and the same command must be able to run again.
 */
export async function callSweep(run: SweepRun): Promise<SweepResult> {
  const sweep = new Sweep(run);
  await sweep.prepare();
  let calls = 0;
  const points: Point[] = [];
  for (const command of COMMANDS) {
    const found = sweep.callsOf(command);
    calls += found.length;
    for (const fault of FAULTS) points.push(...found.map((at) => ({ command, ...at, fault })));
  }
  let last: Command | undefined;
  for (const point of chosen(points, run.points, new Rng(run.seed))) {
    if (run.signal.aborted) break;
    if (point.command !== last) run.onCommand?.(point.command.args);
    last = point.command;
    await sweep.at(point);
  }
  const { kills, failures, missed, broken } = sweep;
  return { commands: COMMANDS.length, calls, kills, failures, missed, broken };
}
