import { type Timestamp, timestampMs, toTimestamp } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';

/** Whether the system's clock was set back, as far as the ledger can tell: then nothing is collected (D10). */
export function isClockBehind(nowMs: number, lastAt: Timestamp): boolean {
  return nowMs < timestampMs(lastAt);
}

/** Removal and purging use the system clock, so a clock that is behind is refused (D10). */
export function checkClock(nowMs: number, lastAt: Timestamp): void {
  if (!isClockBehind(nowMs, lastAt)) return;
  throw new HsError(
    'REFUSED',
    `the system's clock says ${toTimestamp(nowMs)}, which is before the newest ledger entry, ${lastAt}`,
    { hint: 'correct the clock, then collect again' },
  );
}
