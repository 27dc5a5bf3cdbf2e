import type { Catalog } from '../core/catalog/catalog.js';
import type { ArtifactId } from '../core/objects/ids.js';
import { integer, text } from './options.js';

/** Which part of a list of artifacts to return. */
export const limitOptions = {
  limit: integer('N', 'list at most N', { min: 1 }, { short: 'n' }),
  after: text('ID', 'list only what comes after ID', { complete: 'artifact' }),
};

/** As part of a query; ID may be of an artifact that has been removed meanwhile. */
export async function limitsOf(
  { limit, after }: { readonly limit: number | undefined; readonly after: string | undefined },
  catalog: Catalog,
): Promise<{ readonly limit?: number; readonly after?: ArtifactId }> {
  const { resolveArtifact } = await import('../ops/naming/resolve-artifact.js');
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(after === undefined
      ? {}
      : { after: (await resolveArtifact(catalog, after, { removed: true })).artifact_id }),
  };
}
