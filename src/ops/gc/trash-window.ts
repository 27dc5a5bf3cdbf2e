import { DAY_MS } from '../../core/duration.js';
import { toTimestamp } from '../../core/objects/ids.js';
import type { UndoWindow } from '../../core/retention/trashed-artifact.js';
import type { Session } from '../session/session.js';

/** The trash window of artifacts removed now; undefined if the policy gives none. */
export async function trashWindow(session: Session): Promise<UndoWindow | undefined> {
  const { retention } = await session.policy(await session.catalog());
  const days = retention.trash_days;
  return days === 0 ? undefined : { days, until: toTimestamp(session.clock.now() + days * DAY_MS) };
}
