import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { removeSync } from 'fs-extra/esm';
import { afterAll, describe, expect, it } from 'vitest';
import { removeScratch, type StrayWrite } from '../../src/sandbox/sandbox.js';
import { nodeForAll } from '../helpers/ordinary-user.js';
import {
  buildRunner,
  makeWorld,
  type Outcome,
  startRunner,
  USERS,
  type User,
  VARIANTS,
  type Variant,
  type World,
  whyNot,
} from './world.js';

const runner = await buildRunner();
const CASES = await Promise.all(
  USERS.flatMap((user) =>
    VARIANTS.map(async ({ title, ...how }) => ({
      user,
      title,
      how,
      missing: await whyNot(runner.program, user, how),
    })),
  ),
);
afterAll(() => runner.remove());

/** What the tool must not reach, each with a note of what did. */
class Surroundings {
  /** In what a sandbox hides, wherever TMPDIR is. */
  readonly hostTmp = join('/tmp', `hs-attack-${process.pid}-${Math.random().toString(36).slice(2)}`);
  readonly hostShm = `/dev/shm/${this.hostTmp.split('/').at(-1)}`;
  readonly leak: string;
  readonly datagrams: string[] = [];
  readonly #servers: Server[] = [];
  readonly #udp: Socket = createSocket('udp4');
  tcp = 0;
  udp = 0;

  constructor(world: World) {
    this.leak = join(world.elsewhere, 'leaked');
  }

  async open(world: World): Promise<void> {
    this.tcp = ((await this.#listen({ host: '127.0.0.1', port: 0 })) as { port: number }).port;
    for (const path of [`${this.hostTmp}.sock`, join(world.elsewhere, 's')]) {
      await this.#listen({ path, writableAll: true });
    }
    await this.#listen({ path: `\0${this.hostTmp}` });
    this.#udp.on('message', (m) => this.datagrams.push(m.toString()));
    await new Promise<void>((resolve) => this.#udp.bind(0, '127.0.0.1', resolve));
    this.udp = this.#udp.address().port;
  }

  async #listen(options: object): Promise<unknown> {
    const server = createServer((socket) => socket.destroy());
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(options, resolve));
    return server.address();
  }

  close(): void {
    for (const server of this.#servers) server.close();
    this.#udp.close();
    for (const path of [this.hostTmp, this.hostShm]) removeSync(path);
  }
}

interface Attack {
  readonly outcome: Outcome;
  /** What the tool believes that it did. */
  readonly did: Record<string, boolean>;
  /** What really happened, seen from outside. */
  readonly happened: Record<string, boolean>;
}

async function attack(user: User, how: Omit<Variant, 'title'> | 'no sandbox'): Promise<Attack> {
  const world = makeWorld(user, 'visible');
  const around = new Surroundings(world);
  await around.open(world);
  try {
    const before = portrait(world.project);
    const target = JSON.stringify({
      ...world,
      pid: process.pid,
      hostTmp: around.hostTmp,
      hostShm: around.hostShm,
      tcp: around.tcp,
      udp: around.udp,
      socketInTmp: `${around.hostTmp}.sock`,
      socketElsewhere: join(world.elsewhere, 's'),
      abstract: around.hostTmp,
    });
    const command = [nodeForAll(), join(world.project, 'attacks.mjs'), target];
    const outcome = await (how === 'no sandbox'
      ? runBare(user, world, command)
      : startRunner(
          runner.program,
          user,
          world,
          { ...how, command },
          {
            env: { SSH_AUTH_SOCK: '/nowhere', DBUS_SESSION_BUS_ADDRESS: 'x', DOCKER_HOST: 'x' },
            leakFrom: around.leak,
          },
        ).outcome);
    const backgroundWentOn = await grows(
      join(world.capture, 'background'),
      how === 'no sandbox' ? UNTIL_SEEN_MS : LOOK_MS,
    );
    const isThere = (path: string) => existsSync(path);
    const happened = {
      projectChanged: portrait(world.project).content !== before.content,
      projectAttributesChanged: portrait(world.project).attributes !== before.attributes,
      storeChanged:
        isThere(join(world.store, 'planted')) || readFileSync(join(world.store, 'key')).length !== 7,
      elsewhereChanged:
        isThere(join(world.elsewhere, 'planted')) ||
        readFileSync(join(world.elsewhere, 'file')).length !== 10,
      elsewhereModeChanged: (lstatSync(join(world.elsewhere, 'file')).mode & 0o777) === 0o600,
      remounted: isThere(join(world.elsewhere, 'remounted')) || isThere(join(world.elsewhere, 'proc')),
      realHomeChanged: isThere(join(world.home, 'planted')),
      hostTmpChanged: isThere(around.hostTmp),
      hostShmChanged: isThere(around.hostShm),
      leaked: isThere(around.leak) && statSync(around.leak).size > 0,
      datagramSent: around.datagrams.length > 0,
      backgroundWentOn,
    };
    const did = JSON.parse(outcome.stdout) as Record<string, boolean>;
    return { outcome, did, happened };
  } finally {
    around.close();
    await removeScratch(world.root);
  }
}

async function runBare(user: User, world: World, command: readonly string[]): Promise<Outcome> {
  const [program, ...args] = [...user.prefix, ...command];
  const child = spawn(program!, args, {
    env: {
      PATH: process.env.PATH,
      HOME: world.home,
      XDG_CACHE_HOME: join(world.home, '.cache'),
      HS_OUT: world.capture,
      TMPDIR: world.home,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const status = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  return { stdout, stderr: '', status, aborted: false, stray: [], backend: 'none', level: 'none', gaps: [] };
}

/** How long what must go on is waited for, on a machine that has far too much to do. */
const UNTIL_SEEN_MS = 60_000;
/** How long what must not go on is looked at. */
const LOOK_MS = 100;

/** Whether something is written to a file within that time. */
async function grows(path: string, ms: number): Promise<boolean> {
  const { size } = statSync(path);
  for (const end = performance.now() + ms; performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(ms, 100)));
    if (statSync(path).size > size) return true;
  }
  return false;
}

/** Everything in the project but the store. */
function portrait(project: string): { content: string; attributes: string } {
  const content: string[] = [];
  const attributes: string[] = [];
  const look = (dir: string) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name);
      if (entry.name === '.hsstore') continue;
      content.push(path, entry.isFile() ? readFileSync(path, 'utf8') : `${entry.isDirectory()}`);
      const { mode, mtimeMs } = lstatSync(path);
      if (!entry.isDirectory()) attributes.push(`${path} ${mode} ${mtimeMs}`);
      if (entry.isDirectory()) look(path);
    }
  };
  look(project);
  return { content: content.sort().join('\n'), attributes: attributes.sort().join('\n') };
}

const STRAY: readonly StrayWrite[] = [
  { path: 'again/back', kind: 'change', what: 'file' },
  { path: 'again/gone', kind: 'delete', what: 'file' },
  { path: 'changed', kind: 'change', what: 'file' },
  { path: 'chmodded', kind: 'mode', what: 'file' },
  { path: 'created', kind: 'create', what: 'file' },
  { path: 'deleted', kind: 'delete', what: 'file' },
  { path: 'fifo', kind: 'create', what: 'other' },
  { path: 'link', kind: 'create', what: 'symlink' },
  { path: 'made', kind: 'create', what: 'directory' },
  { path: 'moved-here', kind: 'move', what: 'file', from: 'moved' },
  { path: 'sub/deep', kind: 'change', what: 'file' },
  { path: 'touched', kind: 'times', what: 'file' },
];

const NEEDED = [
  'writesCapture',
  'writesTmp',
  'writesHome',
  'writesCache',
  'writesNull',
  'writesStderrByName',
];
const says = (gaps: readonly string[], words: RegExp) => gaps.some((gap) => words.test(gap));

describe.each(USERS)('without a sandbox, as $name', (user) => {
  it('succeeds with every write, so that the attacks are known to be real', async () => {
    const { did, happened } = await attack(user, 'no sandbox');
    const failed = Object.entries(did).filter(
      ([name, ok]) => !ok && !/^(leaked|agent|remount|throughProc|device|procSys|sysrq|signals)/.test(name),
    );
    expect(failed).toEqual([]);
    expect(happened).toMatchObject({
      projectChanged: true,
      projectAttributesChanged: true,
      storeChanged: true,
      elsewhereChanged: true,
      realHomeChanged: true,
      hostTmpChanged: true,
      datagramSent: true,
      backgroundWentOn: true,
    });
  });
});

for (const { user, title, how, missing } of CASES) {
  const name = `${title}, as ${user.name}`;
  describe.skipIf(missing !== undefined)(missing === undefined ? name : `${name} (${missing})`, () => {
    it('behaves exactly as its level and gaps state', async () => {
      const { outcome, did, happened } = await attack(user, how);
      expect(outcome).toMatchObject({ status: 7, aborted: false, backend: how.backend });
      expect(outcome.stderr).toContain('said');
      for (const need of NEEDED) expect(did, need).toMatchObject({ [need]: true });
      expect(happened.leaked).toBe(false);
      expect(did.agentVariable).toBe(false);
      if (outcome.level === 'detected') expectDetected(outcome, happened);
      else expectEnforced(outcome, did, happened);
      expectNoMore(outcome.gaps, did, happened);
    });
  });
}

function expectDetected({ stray }: Outcome, happened: Record<string, boolean>): void {
  expect(happened.projectChanged).toBe(true);
  // By a snapshot, new times cannot be told from a content of the same size.
  expect(stray).toEqual(STRAY.map((one) => (one.kind === 'times' ? { ...one, kind: 'change' } : one)));
}

function expectEnforced(
  { level, stray }: Outcome,
  did: Record<string, boolean>,
  happened: Record<string, boolean>,
): void {
  expect(happened).toMatchObject({
    projectChanged: false,
    storeChanged: false,
    elsewhereChanged: false,
    remounted: false,
    realHomeChanged: false,
    hostTmpChanged: false,
    hostShmChanged: false,
    backgroundWentOn: false,
  });
  expect(did).toMatchObject({ hardLink: false, procSys: false, sysrq: false, device: false, remount: false });
  expect(stray).toEqual(level === 'enforced+observed' ? STRAY : []);
}

/** What happened beyond the level must be in the gaps, and a gap must be real. */
function expectNoMore(
  gaps: readonly string[],
  did: Record<string, boolean>,
  happened: Record<string, boolean>,
): void {
  const everything = says(gaps, /^nothing is prevented/);
  const declared = (words: RegExp) => everything || says(gaps, words);
  expect(happened.projectAttributesChanged).toBe(declared(/can change permissions, owners, times/));
  expect(happened.elsewhereModeChanged).toBe(declared(/can change permissions, owners, times/));
  expect(did.storeRead).toBe(declared(/including the store and the host.s \/tmp$/));
  expect(did.seesProcess).toBe(declared(/user.s processes are visible/));
  expect(did.tcp).toBe(declared(/network is open$/));
  expect(happened.datagramSent).toBe(declared(/network is open/));
  expect(did.abstractSocket).toBe(declared(/abstract unix sockets/));
  expect(did.socketElsewhere).toBe(declared(/unix sockets (outside|in the file system)/));
  expect(did.socketInTmp).toBe(declared(/unix sockets in the file system/));
  if (did.signalsProcess) expect(declared(/can be signalled/)).toBe(true);
  if (happened.backgroundWentOn) expect(everything).toBe(true);
}

it.skipIf(process.platform !== 'linux')('is shown by at least one backend that enforces (on Linux)', () => {
  expect(CASES.some(({ how, missing }) => how.backend !== 'none' && missing === undefined)).toBe(true);
});
