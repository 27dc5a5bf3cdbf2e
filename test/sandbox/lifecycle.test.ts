import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeScratch } from '../../src/sandbox/sandbox.js';
import { buildRunner, makeWorld, type Outcome, startRunner, USERS, type User, type World } from './world.js';

const runner = await buildRunner();
afterAll(() => runner.remove());
const user = USERS.at(-1)!;
let world: World;
beforeEach(() => {
  world = makeWorld(user, 'tmp');
});
afterEach(() => removeScratch(world.root));

const BACKENDS = ['bubblewrap-overlay', 'bubblewrap', 'landlock', 'landlock without namespaces'] as const;
const CASES = await Promise.all(
  BACKENDS.map(async (title) => {
    const backend = title === 'landlock without namespaces' ? 'landlock' : title;
    const how = { backend, namespaces: title !== 'landlock without namespaces' } as const;
    const trial = makeWorld(user, 'tmp');
    const { outcome } = startRunner(runner.program, user, trial, { ...how, command: ['true'] });
    const missing = await outcome.then(
      ({ message }) => message,
      (e: Error) => e.message,
    );
    await removeScratch(trial.root);
    return { title, how, missing };
  }),
);

// Some have a meaning in mount options, some in a shell.
const ODD_NAMES = [
  '-dash',
  'with space',
  'comma,colon:equals=',
  'back\\slash "quoted"',
  'new\nline',
  'ünïcode',
];

function isRunning(word: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word);
    } catch {
      return false;
    }
  });
}

/** By their current directory. */
function processesIn(dir: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(dir);
    } catch {
      return false;
    }
  });
}

async function until(condition: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < 10_000 && !condition(); waited += 10) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return condition();
}

for (const { title, how, missing } of CASES) {
  const name = `${title}, as ${user.name}`;
  describe.skipIf(missing !== undefined)(missing === undefined ? name : `${name} (${missing})`, () => {
    it('leaves no process and no mount when hs itself is killed', async () => {
      const seconds = `6${Date.now() % 1e6}`;
      const command = ['sh', '-c', `(setsid sleep ${seconds} &); touch "$HS_OUT/up"; sleep ${seconds}`];
      const { child, outcome } = startRunner(runner.program, user, world, { ...how, command });
      outcome.catch(() => undefined);
      expect(await until(() => existsSync(join(world.capture, 'up')))).toBe(true);
      child.kill('SIGKILL');
      expect(await until(() => !isRunning(`sleep\0${seconds}`))).toBe(true);
      expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(world.root);
    });

    it.each(['SIGKILL', 'SIGTERM'] as const)(
      'leaves nothing when hs itself gets %s at any moment while the sandbox starts',
      async (signal) => {
        for (let i = 0; i < 12; i++) {
          const own = makeWorld(user, 'tmp');
          const seconds = `8${Date.now() % 1e6}`;
          const command = ['sleep', seconds];
          const { child, outcome } = startRunner(runner.program, user, own, { ...how, command });
          outcome.catch(() => undefined);
          const ended = once(child, 'exit');
          await until(() => isRunning(`hs\0${own.scratch}`) || isRunning(`sleep\0${seconds}`));
          await new Promise((resolve) => setTimeout(resolve, 3 * i));
          child.kill(signal);
          await ended;
          // What hs was just forking has the arguments of hs for a moment yet, and works where hs did.
          expect(await until(() => processesIn(own.root).length === 0 && !isRunning(seconds))).toBe(true);
          await removeScratch(own.root);
        }
      },
      60_000,
    );

    it('lets the tool clean up at Ctrl-C', async () => {
      const script = `trap 'echo cleaned >"$HS_OUT/log"; exit 9' INT; touch "$HS_OUT/up"; while :; do sleep 0.01; done`;
      const { child, outcome } = startRunner(runner.program, user, world, {
        ...how,
        command: ['sh', '-c', script],
      });
      expect(await until(() => existsSync(join(world.capture, 'up')))).toBe(true);
      child.kill('SIGINT');
      expect(await outcome).toMatchObject({ status: 9, aborted: true });
      expect(readFileSync(join(world.capture, 'log'), 'utf8')).toBe('cleaned\n');
    });

    it('passes standard input on, and no way to the file that it comes from', async () => {
      const file = join(world.elsewhere, 'file');
      const command = ['sh', '-c', 'cat; echo more >>/proc/self/fd/0; echo more >>/dev/stdin'];
      const stdin = openSync(file, 'r');
      try {
        const request = { ...how, command, stdin: 'inherit' } as const;
        const { stdout } = await startRunner(runner.program, user, world, request, { stdin }).outcome;
        expect(stdout).toBe('elsewhere\n');
        expect(readFileSync(file, 'utf8')).toBe('elsewhere\n');
      } finally {
        closeSync(stdin);
      }
    });

    it('ends with the tool while standard input is still open, and leaves nobody reading it', async () => {
      const fifo = join(world.elsewhere, 'fifo');
      execFileSync('mkfifo', [fifo]);
      const stdin = openSync(fifo, 'r+');
      try {
        const request = { ...how, command: ['true'], stdin: 'inherit' } as const;
        const { outcome } = startRunner(runner.program, user, world, request, { stdin });
        expect(await outcome).toMatchObject({ status: 0 });
        expect(await until(() => processesIn(world.root).length === 0)).toBe(true);
      } finally {
        closeSync(stdin);
      }
    });

    it('leaves nothing of 100 processes that fork away', async () => {
      const seconds = `7${Date.now() % 1e6}`;
      const script = `for i in $(seq 100); do (setsid sleep ${seconds} >/dev/null 2>&1 &); done`;
      const { outcome } = startRunner(runner.program, user, world, { ...how, command: ['sh', '-c', script] });
      expect(await outcome).toMatchObject({ status: 0 });
      expect(isRunning(`sleep\0${seconds}`)).toBe(false);
    });

    it.each(how.backend === 'bubblewrap-overlay' ? ODD_NAMES : [ODD_NAMES.join('')])(
      'runs in a project whose name is %j',
      async (odd) => {
        const project = join(world.root, odd);
        renameSync(world.project, project);
        const paths = {
          projectDir: project,
          storeDir: join(project, '.hsstore'),
          captureDir: join(project, '.hsstore/tmp/out'),
        };
        const request = {
          ...how,
          ...paths,
          command: ['sh', '-c', 'cat changed; echo x >"$HS_OUT/f"; echo x >stray'],
        };
        const outcome = await startRunner(runner.program, user, { ...world, project }, request).outcome;
        expect(outcome.stdout).toBe('this is changed\n');
        expect(readdirSync(paths.captureDir)).toEqual(['f']);
        expect(existsSync(join(project, 'stray'))).toBe(false);
        expect(outcome.stray.map(({ path }) => path)).toEqual(
          how.backend === 'bubblewrap-overlay' ? ['stray'] : [],
        );
      },
    );
  });
}

describe('where the kernel refuses namespaces', () => {
  const noNamespaces: User = {
    ...user,
    prefix: [
      ...user.prefix,
      ...['unshare', '--user', '--map-root-user', 'sh', '-c'],
      ...['echo 0 >/proc/sys/user/max_user_namespaces || exit; exec "$@"', 'sh'],
    ],
  };
  const landlockIsThere = CASES.some(
    ({ title, missing }) => title === 'landlock without namespaces' && !missing,
  );

  it.skipIf(!landlockIsThere)(
    'tries each better backend, and runs under Landlock with more gaps',
    async () => {
      const outcome: Outcome = await startRunner(runner.program, noNamespaces, world, {
        command: ['sh', '-c', 'echo ran; echo x >stray'],
      }).outcome;
      expect(outcome).toMatchObject({ backend: 'landlock', level: 'enforced', stdout: 'ran\n' });
      expect(outcome.gaps.join()).toContain('user’s processes are visible');
      expect(existsSync(join(world.project, 'stray'))).toBe(false);
    },
  );
});

describe('bubblewrap-overlay', () => {
  const missing = CASES.find(({ title }) => title === 'bubblewrap-overlay')?.missing;

  it.skipIf(missing !== undefined)(
    'lists nothing for a tool that only reads, links and sockets included',
    async () => {
      const command = [
        'sh',
        '-c',
        'cat changed sub/deep >/dev/null; ls -lR . >"$HS_OUT/list"; exec 5<>opened; touch /tmp/x',
      ];
      const { outcome } = startRunner(runner.program, user, world, {
        backend: 'bubblewrap-overlay',
        command,
      });
      expect(await outcome).toMatchObject({ status: 0, stray: [], level: 'enforced+observed' });
    },
  );

  it.skipIf(missing !== undefined)(
    'lists a content that was changed and dated back, and a mode of the project',
    async () => {
      const script =
        'cp -p changed /tmp/was; printf THIS | dd of=changed conv=notrunc 2>/dev/null; touch -r /tmp/was changed; chmod 0700 .';
      const command = ['sh', '-c', script];
      const { outcome } = startRunner(runner.program, user, world, {
        backend: 'bubblewrap-overlay',
        command,
      });
      expect((await outcome).stray).toEqual([
        { path: '.', kind: 'mode', what: 'directory' },
        { path: 'changed', kind: 'change', what: 'file' },
      ]);
    },
  );

  it.skipIf(missing !== undefined)('lists what a tool hides by taking permissions away', async () => {
    mkdirSync(join(world.project, 'locked'));
    writeFileSync(join(world.project, 'locked/old'), 'old');
    chownSync(join(world.project, 'locked'), user.uid, user.uid);
    chownSync(join(world.project, 'locked/old'), user.uid, user.uid);
    chmodSync(join(world.project, 'locked'), 0);
    const script = `chmod 700 locked; echo evil >locked/f; rm locked/old; chmod 0 locked
      mkdir -p new/deep; echo x >new/deep/f; chmod 0 new/deep new; chmod 0 opened
      echo more >>changed; chmod 0 changed; mkdir -m 0 shut; echo x >sub/f; chmod 0 sub; chmod 0 .`;
    const { outcome } = startRunner(runner.program, user, world, {
      backend: 'bubblewrap-overlay',
      command: ['sh', '-c', script],
    });
    const { stray, gaps, status } = await outcome;
    const closed = user.uid !== 0;
    expect(stray.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      'mode .',
      'change changed',
      `${closed ? 'change' : 'create'} locked/f`,
      'delete locked/old',
      'create new',
      'create new/deep',
      'create new/deep/f',
      'mode opened',
      'create shut',
      'mode sub',
      'create sub/f',
    ]);
    expect([status, gaps.filter((gap) => gap.includes('unreadable project directories')).length]).toEqual([
      0,
      closed ? 1 : 0,
    ]);
  });

  it.skipIf(missing !== undefined)('lists a file that nobody can read as changed', async () => {
    chmodSync(join(world.project, 'opened'), 0);
    const { outcome } = startRunner(runner.program, user, world, {
      backend: 'bubblewrap-overlay',
      command: ['sh', '-c', 'chmod 600 opened'],
    });
    const { stray, status } = await outcome;
    expect({ status, stray: stray.map(({ path }) => path) }).toEqual({ status: 0, stray: ['opened'] });
  });

  it.skipIf(missing !== undefined)(
    'lists each directory that is gone once, and names that are not UTF-8',
    async () => {
      const command = [
        'sh',
        '-c',
        `rm -rf sub again/gone again/back; mkdir -m 0 shut; : >"$(printf 'bad\\377')"`,
      ];
      const { outcome } = startRunner(runner.program, user, world, {
        backend: 'bubblewrap-overlay',
        command,
      });
      const { stray } = await outcome;
      expect(stray.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
        'delete again/back',
        'delete again/gone',
        'change bad\\xff',
        'create shut',
        'delete sub',
      ]);
    },
  );
});
