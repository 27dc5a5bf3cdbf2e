import type { Session } from '../session/session.js';
import { putItems } from './put-items.js';
import type { ArtifactOptions, PutResult, PutRules } from './put-options.js';
import type { PutSource } from './put-source.js';

/** One artifact of a batch, with options of its own. */
export interface PutLine extends ArtifactOptions {
  /** Its number, for errors. */
  readonly line: number;
  readonly source: PutSource;
  /** What later lines call it among their sources: `ref:REF`. */
  readonly ref?: string;
}

/**
 * Stores an artifact for each line, all in one commit or none. Options of a line go before those that all share; labels
 * and sources are added to them.
 */
export function putLines(
  session: Session,
  lines: readonly PutLine[],
  shared: ArtifactOptions & PutRules,
): Promise<PutResult[]> {
  return putItems(session, shared, async () =>
    lines.map(({ line, source, ref, ...own }) => ({
      line,
      source,
      ...(ref === undefined ? {} : { ref }),
      options: Object.assign({}, shared, own, {
        sources: [...(shared.sources ?? []), ...(own.sources ?? [])],
        entities: [...(shared.entities ?? []), ...(own.entities ?? [])],
        labels: { ...shared.labels, ...own.labels },
      }),
    })),
  );
}
