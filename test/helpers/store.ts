import type { Environment } from '../../src/core/effects.js';
import { toActor } from '../../src/core/policy/authorize.js';
import type { Disk } from '../../src/fsx/disk.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { systemClock, systemRandom } from '../../src/fsx/system-effects.js';
import { recovery } from '../../src/ops/recovery/finish-dead-leases.js';
import { openSession } from '../../src/ops/session/open-session.js';
import type { Recovery, Session } from '../../src/ops/session/session.js';
import type { SessionRequest } from '../../src/ops/session/session-request.js';
import { initStore } from '../../src/store/local/init.js';
import type { PackLimits } from '../../src/store/objects/pack-writer.js';

/** So small that nearly everything is packed, and packs are taken apart, rolled over and merged all the time. */
export const TINY_PACKS: PackLimits = {
  objectBytes: 4096,
  leastObjects: 2,
  leastBytes: 4096,
  mostObjects: 8,
  mostBytes: 16 * 1024,
  mergeFrom: 3,
};

/** An environment of its own: no test reads or writes the anchors of the person who runs it. */
export function testEnvironment(home: string, values: Record<string, string> = {}): Environment {
  const all: Record<string, string> = { HOME: home, XDG_STATE_HOME: `${home}/.state`, ...values };
  return {
    get: (name) => all[name],
    all: () => all,
    cwd: home,
    uid: process.getuid?.() ?? 0,
    umask: 0o022,
    userName: 'tester',
    home,
    platform: process.platform,
  };
}

export interface TestStoreOptions extends Partial<SessionRequest> {
  readonly allowSetClock?: boolean;
  /** Another one than the program has. */
  readonly recovery?: Recovery;
}

function requestFor(dir: string, disk: Disk, options: TestStoreOptions): SessionRequest {
  return {
    store: dir,
    writes: true,
    disk,
    clock: systemClock(),
    setClock: undefined,
    random: systemRandom(),
    environment: testEnvironment(dir),
    actor: 'human:tester',
    jobId: undefined,
    progress: { start: () => undefined, advance: () => undefined, done: () => undefined },
    signal: new AbortController().signal,
    warn: () => undefined,
    ...options,
  };
}

/** Opens a session on the store in `dir`. */
export function openTestSession(dir: string, options: TestStoreOptions = {}): Promise<Session> {
  return openSession(requestFor(dir, options.disk ?? nodeDisk(), options), options.recovery ?? recovery);
}

/** Makes a store in `dir` and opens a session on it. */
export async function testStore(dir: string, options: TestStoreOptions = {}): Promise<Session> {
  const request = requestFor(dir, options.disk ?? nodeDisk(), options);
  const { disk, clock, random, environment } = request;
  await initStore(
    { disk, clock, random, env: environment },
    { workspace: dir, actor: toActor('human:tester'), allowSetClock: options.allowSetClock ?? false },
  );
  return openSession(request, options.recovery ?? recovery);
}
