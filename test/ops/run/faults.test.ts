import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isErrno, isHsError } from '../../../src/errors/hs-error.js';
import { errnoError } from '../../../src/fsx/errno.js';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { openTestSession, testEnvironment, testStore } from '../../helpers/store.js';
import { tmp } from '../../helpers/tmp.js';
import { interceptDisk } from '../../sim/intercept-disk.js';
import { run } from './support.js';

const LOOKS = /^(lstat|find|stat|readlink|realpath|space|dir\.stat|file\.stat|dir\.close)$/;

interface Ended {
  readonly operation: string | undefined;
  readonly error: unknown;
  readonly said: string;
  readonly left: readonly string[];
}

/** One run in which the n-th operation that can change something, or reads something, fails. */
async function runWithFault(n: number): Promise<Ended> {
  const dir = await tmp();
  await testStore(dir);
  const temporary = await tmp();
  let operation: string | undefined;
  let count = 0;
  let armed = false;
  const warned: string[] = [];
  const disk = interceptDisk(nodeDisk(), (name, path) => {
    // As many as the process has open.
    if (!armed || LOOKS.test(name) || path.startsWith('/proc/self/fd') || ++count !== n) return;
    operation = `${name} ${path.replace(dir, '').replace(temporary, 'TMP')}`;
    throw errnoError('EIO', name, path);
  });
  const session = await openTestSession(dir, {
    disk,
    environment: testEnvironment(dir, { TMPDIR: temporary }),
    warn: (message) => warned.push(message),
  });
  armed = true;
  const more = { backend: 'none', capture: ['stdout'] } as const;
  const error = await run(session, 'echo hi; echo hi >$HS_OUT/f', more).then(
    () => undefined,
    (e: unknown) => e,
  );
  const left = [
    ...readdirSync(`${dir}/.hsstore/tmp`).filter((name) => name.endsWith('-run')),
    ...readdirSync(temporary),
  ];
  const said = [...warned, isHsError(error) ? `${error.message} ${error.hint ?? ''}` : ''].join('\n');
  return { operation, error, said, left };
}

describe('a run on a disk that fails once', () => {
  it('ends with an error of its kind, and leaves nothing that it does not name', async () => {
    const wrong: string[] = [];
    for (let n = 1; ; n++) {
      const { operation, error, said, left } = await runWithFault(n);
      if (operation === undefined) break;
      const typed = error === undefined || isErrno(error) || (isHsError(error) && error.code !== 'BUG');
      if (!typed) wrong.push(`${n} ${operation}: ${(error as Error).stack}`);
      const unnamed = left.filter((name) => !said.includes(name));
      if (unnamed.length > 0) wrong.push(`${n} ${operation}: left ${unnamed.join(' ')} (${error})`);
    }
    expect(wrong).toEqual([]);
  }, 120_000);
});
