import { classHistory } from '../../core/page/class-history.js';
import { usagePage } from '../../core/page/usage-page.js';
import type { Exported } from '../export/export.js';
import { diskUsage, type Usage } from '../inspect/disk-usage.js';
import type { UsageKey } from '../inspect/usage-keys.js';
import type { Session } from '../session/session.js';
import { MADE_BY, type PageRequest, publishPage } from './publish-page.js';

export interface PublishedUsage {
  readonly usage: Usage;
  readonly page: Exported;
}

/** Writes disk usage as one HTML page outside the store (`hs du --html`). */
export async function publishUsage(
  session: Session,
  by: UsageKey,
  request: PageRequest,
): Promise<PublishedUsage> {
  const usage = await diskUsage(session, by);
  const catalog = await session.catalog();
  const live = await catalog.live().all();
  const bytes = usagePage({
    ...usage,
    storeId: session.store.id,
    by,
    history: classHistory([...live, ...(await catalog.removed().all())], session.now()),
    now: session.now(),
    madeBy: MADE_BY,
  });
  // Kinds, classes and layers identify nobody.
  const about = by === 'name' ? live : [];
  const page = await publishPage(session, { name: 'disk-usage-page', bytes, about }, request);
  return { usage, page };
}
