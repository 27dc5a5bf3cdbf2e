import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it } from 'vitest';
import { removeScratch } from '../../src/sandbox/sandbox.js';
import { ROOT } from '../helpers/ordinary-user.js';
import {
  buildRunner,
  makeWorld,
  type Outcome,
  startRunner,
  USERS,
  type User,
  VARIANTS,
  type Variant,
  whyNot,
} from './world.js';

const runner = await buildRunner();
afterAll(() => runner.remove());
const CASES = await Promise.all(
  USERS.flatMap((user) =>
    VARIANTS.map(async ({ title, ...how }) => ({
      user,
      title,
      how,
      missing: nothingToReach() ?? (await whyNot(runner.program, user, how)),
    })),
  ),
);

/** keyctl, prlimit64, add_key. */
function systemCalls(): readonly number[] | undefined {
  return { x64: [250, 302, 248], arm64: [219, 261, 217] }[process.arch as string];
}

function script(name: string): string {
  return readFileSync(join(ROOT, 'test/sandbox', name), 'utf8');
}

/** Why there is nothing here that a tool could reach. */
function nothingToReach(): string | undefined {
  const calls = systemCalls();
  if (process.platform !== 'linux' || calls === undefined) return 'the system calls are not known here';
  try {
    execFileSync('script', ['-qc', 'true', '/dev/null'], { stdio: 'ignore' });
  } catch {
    return 'script (util-linux) makes no terminal here';
  }
  try {
    const [keyctl, , addKey] = calls.map(String);
    execFileSync('perl', ['-e', script('with-key.pl'), keyctl!, addKey!, 'hs-try', 'true']);
    return undefined;
  } catch {
    return 'perl cannot make a keyring here';
  }
}

interface Reached {
  readonly outcome: Outcome;
  readonly did: readonly string[];
  /** The victim's limits, as the kernel tells them. */
  readonly limits: string;
}

async function reach(user: User, how: Omit<Variant, 'title'>): Promise<Reached> {
  const world = makeWorld(user, 'visible');
  const [keyctl, prlimit, addKey] = systemCalls()!.map(String);
  const key = `hs-key-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const victims: ChildProcess[] = [];
  const start = (...command: string[]) => {
    const [program, ...args] = [...user.prefix, ...command];
    const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    victims.push(child);
    return child;
  };
  try {
    const victim = start('sh', '-c', 'echo up; read -r end');
    await once(victim.stdout, 'data');
    const typing = start('script', '-qc', 'tty; read -r end', '/dev/null');
    const terminal = ((await once(createInterface(typing.stdout), 'line')) as string[])[0]!.trim();
    const withKey = {
      ...user,
      prefix: [...user.prefix, 'perl', '-e', script('with-key.pl'), keyctl!, addKey!, key],
    };
    const args = [keyctl!, prlimit!, key, String(victim.pid), terminal];
    const outcome = await startRunner(
      runner.program,
      withKey,
      world,
      { ...how, command: ['perl', '-e', script('reach.pl'), ...args] },
      { leakFrom: join(world.elsewhere, 'leaked') },
    ).outcome;
    const limits = readFileSync(`/proc/${victim.pid}/limits`, 'utf8');
    return { outcome, did: outcome.stdout.split('\n').filter((line) => line !== ''), limits };
  } finally {
    for (const child of victims) child.kill('SIGKILL');
    await removeScratch(world.root);
  }
}

/** What a tool did, and the gap that has to say so. */
const DECLARED: readonly (readonly [did: string, gap: RegExp])[] = [
  ['key', /keyrings/],
  ['key name', /names of the user.s keys/],
  ['vsock', /unusual socket families|network is open/],
  ['limit', /prlimit/],
  ['terminal', /types on terminals/],
];

for (const { user, title, how, missing } of CASES) {
  const name = `${title}, as ${user.name}`;
  describe.skipIf(missing !== undefined)(missing === undefined ? name : `${name} (${missing})`, () => {
    it('reaches no key, process, terminal or hypervisor of the caller that no gap names', async () => {
      const { outcome, did, limits } = await reach(user, how);
      expect(outcome.status).toBe(0);
      expect(did.filter((one) => one.startsWith('descriptor'))).toEqual([]);
      if (how.backend === 'none') {
        expect(outcome.gaps.join()).toContain('nothing is prevented');
        expect(did).toEqual(expect.arrayContaining(['key', 'key name', 'limit', 'terminal']));
        return;
      }
      for (const [what, gap] of DECLARED) {
        const isDeclared = outcome.gaps.some((one) => gap.test(one));
        expect([what, did.includes(what)]).toEqual([what, isDeclared]);
      }
      expect(/Max open files\s+77 /.test(limits)).toBe(did.includes('limit'));
    });
  });
}
