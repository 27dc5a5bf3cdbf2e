import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The tests of commands run the built program, so it is built before any of them; `HS_BUILT=1` leaves it. */
export default async function buildOnce(): Promise<void> {
  if (process.env.HS_BUILT === '1') return;
  const { stderr } = await promisify(execFile)(process.execPath, ['build/build.mjs', '--no-types']);
  if (stderr !== '') throw new Error(stderr);
}
