import { compact } from '../../core/json/omit-undefined.js';
import type { Timestamp } from '../../core/objects/ids.js';
import type { PlanHeader } from '../../core/retention/prune-plan.js';
import type { TrashedArtifact } from '../../core/retention/trashed-artifact.js';
import { type Reclaimable, reclaimable, type Unreferenced } from '../../store/collector/reclaimable.js';
import type { Session } from '../session/session.js';
import { quotaRefusal } from './check-quota.js';
import { trashedArtifacts } from './trash-contents.js';
import { trashWindow } from './trash-window.js';

/** The effects of a plan besides the removals it lists. */
export interface PlanOutlook {
  /** When the trash batch it would create may be purged; absent if nothing would stay in the trash. */
  readonly trash_until?: Timestamp;
  /** What the sweep and purge of that collection would free. */
  readonly reclaimable: Reclaimable;
  /** With `emptyTrash`: artifacts removed before that could no longer be brought back. */
  readonly emptied?: readonly TrashedArtifact[];
  /** True if it would be refused without `bestEffort`. */
  readonly refused?: true;
}

export interface OutlookRequest {
  readonly emptyTrash?: boolean;
  readonly repack?: boolean;
  readonly bestEffort?: boolean;
  /** The header of the plan that retention alone makes, where this one is narrower. */
  readonly whole?: PlanHeader | undefined;
  /** What nothing names, for who knows already. */
  readonly found?: Unreferenced | undefined;
}

/** The effects of applying a plan now. Read-only (D5). */
export async function planOutlook(
  session: Session,
  header: PlanHeader,
  { emptyTrash = false, repack = false, bestEffort = false, whole = header, found }: OutlookRequest = {},
): Promise<PlanOutlook> {
  const window = await trashWindow(session);
  return compact({
    trash_until: emptyTrash ? undefined : window?.until,
    reclaimable: await reclaimable(
      session.store,
      { trashDays: window?.days ?? 0, emptyTrash, repack },
      found,
    ),
    emptied: emptyTrash ? await trashedArtifacts(session) : undefined,
    refused: !bestEffort && quotaRefusal(whole, header) !== undefined ? (true as const) : undefined,
  });
}
