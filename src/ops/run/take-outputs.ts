import { isErrno } from '../../errors/hs-error.js';
import type { DiskDir } from '../../fsx/disk.js';
import { type Captured, collectCapture } from './collect-capture.js';
import type { Tally } from './run-budget.js';
import type { RunContext } from './run-context.js';

export const NO_OUTPUTS: Captured = { payloads: [], refused: [], emptyDirectories: [], unportable: [] };

/** Collects the tool's output, unless its capture directory was removed or replaced. */
export async function takeOutputs(
  { session, tx, request, places }: RunContext,
  capture: DiskDir,
  tally: Tally,
): Promise<Captured> {
  const { disk } = session;
  const [held, named] = [await capture.stat(), await disk.find(places.capture)];
  if (named?.kind !== 'directory' || named.dev !== held.dev || named.ino !== held.ino) {
    return { ...NO_OUTPUTS, refused: [{ path: '.', why: 'the capture directory was removed or replaced' }] };
  }
  return collectCapture(session, tx.batch, capture, request.each, tally);
}

/** Whether a tool left any output. */
export async function isFilled({ session }: RunContext, capture: DiskDir): Promise<boolean> {
  try {
    return (await session.disk.readdir(capture.path)).length > 0;
  } catch (e) {
    // A tool may have removed its own permission; the contents are discarded with the rest.
    if (!isErrno(e)) throw e;
    return true;
  }
}
