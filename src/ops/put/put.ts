import type { Session } from '../session/session.js';
import { putItems } from './put-items.js';
import type { PutOptions, PutResult } from './put-options.js';
import type { PutSource } from './put-source.js';
import { spreadSources } from './spread-sources.js';

export type { PutOptions, PutResult } from './put-options.js';

/** Stores each source as one artifact, all in one commit: if one is unreadable, nothing is registered. */
export function put(
  session: Session,
  sources: readonly PutSource[],
  options: PutOptions,
): Promise<PutResult[]> {
  return putItems(session, options, async (walk, leave) => {
    const items = options.each
      ? await spreadSources(session, sources, walk, leave)
      : sources.map((source) => ({ source }));
    return items.map((item) => ({ options, ...item }));
  });
}
