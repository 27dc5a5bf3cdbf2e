import { writeFile } from 'node:fs/promises';
import type { Clock } from '../../../src/core/effects.js';
import type { ArtifactId } from '../../../src/core/objects/ids.js';
import { type PutOptions, put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import { openTestSession, type TestStoreOptions, testStore } from '../../helpers/store.js';
import { tmp } from '../../helpers/tmp.js';

export const DAY = 86_400_000;

/** A clock that tests move; every session of a test looks at the same one. */
export class TestClock implements Clock {
  ms = Date.parse('2026-06-01T00:00:00.000Z');
  now(): number {
    return this.ms;
  }
  pass(days: number): void {
    this.ms += days * DAY;
  }
}

export interface TestStore {
  readonly dir: string;
  readonly clock: TestClock;
  readonly session: Session;
  /** A session of another actor, clock or disk on the same store. */
  open(options?: TestStoreOptions): Promise<Session>;
}

export async function makeStore(options: TestStoreOptions = {}): Promise<TestStore> {
  const dir = await tmp();
  const clock = new TestClock();
  const session = await testStore(dir, { clock, useIndex: false, ...options });
  return {
    dir,
    clock,
    session,
    open: (other = {}) => openTestSession(dir, { clock, useIndex: false, ...options, ...other }),
  };
}

let serial = 0;

/** Puts `content` as a file, or a new one of its own. */
export async function putFile(
  session: Session,
  options: PutOptions & { readonly content?: string } = {},
): Promise<ArtifactId> {
  const { content, ...rest } = options;
  const path = `${session.store.local.workspace}/f${++serial}`;
  await writeFile(path, content ?? `content ${serial}`);
  return (await put(session, [{ path }], rest))[0]!.artifactId;
}

/** Ids of what is live. */
/** In order. */
export async function liveIds(session: Session): Promise<string[]> {
  return (await (await session.catalog()).live().all()).map((r) => r.artifact_id).sort();
}

/** Never waits. */
export const IMPATIENT = { ms: 0, wait: async () => undefined };
