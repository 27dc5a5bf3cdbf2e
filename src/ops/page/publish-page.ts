import manifest from '../../../package.json' with { type: 'json' };
import { compact } from '../../core/json/omit-undefined.js';
import { type Sensitivity, stricter } from '../../core/manifest/sensitivity.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { HsError, isHsError } from '../../errors/hs-error.js';
import { type Exported, exportArtifact } from '../export/export.js';
import type { ExportRequest } from '../export/export-request.js';
import { streamSource } from '../payload/stream-source.js';
import { put } from '../put/put.js';
import type { Session } from '../session/session.js';

/** The destination of a page: the options of an export, except the artifact, which is the page itself. */
export type PageRequest = Pick<
  ExportRequest,
  'place' | 'force' | 'consents' | 'target' | 'displayProjectionRef'
>;

export interface Page {
  /** The name of the page's artifact. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The artifacts it describes; the page is as sensitive as the most sensitive of them. */
  readonly about: readonly Sensitivity[];
  readonly sources?: readonly ArtifactId[];
}

export const MADE_BY = `hs ${manifest.version}`;

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/**
 * Exports a page: registers it as an artifact of class cache and exports that like any other, with guard, decision and
 * record. If the export is refused, the artifact is kept and the error says how to export it.
 */
export async function publishPage(session: Session, page: Page, request: PageRequest): Promise<Exported> {
  const level = page.about.reduce<Sensitivity>((a, b) => stricter(a, b), {
    classification: 'low',
    exportable: true,
  });
  const { classes } = (await session.policy(await session.catalog())).retention;
  const [made] = await put(
    session,
    [{ stream: streamSource(once(page.bytes)), filenameHint: `${page.name}.html` }],
    compact({
      kind: 'report' as const,
      name: page.name,
      retentionClass: 'cache' as const,
      classification: level.classification,
      exportable: level.exportable,
      ttl: level.classification === 'high' ? classes.cache.window_days : undefined,
      sources: page.sources,
    }),
  );
  const { artifactId } = made!;
  try {
    return await exportArtifact(session, { ...request, artifact: artifactId });
  } catch (e) {
    if (!isHsError(e, 'GUARD_BLOCKED')) throw e;
    const shown = artifactId.slice(0, 8);
    throw new HsError(e.code, `${e.message}; the page is artifact '${shown}'`, {
      hint: `${e.hint}; then hs export ${shown} FILE`,
      ...(e.details === undefined ? {} : { details: e.details }),
      cause: e,
    });
  }
}
