import type { ArtifactId } from '../../core/objects/ids.js';
import type { Filter } from '../../core/query/condition.js';
import { HsError } from '../../errors/hs-error.js';
import { completerOf } from '../naming/complete-facts.js';
import { resolveArtifacts } from '../naming/resolve-artifact.js';
import type { Session } from '../session/session.js';
import { listArtifacts } from './list-artifacts.js';

/**
 * The artifacts that are named, or in their place the live ones that match every filter, each once. USAGE for both, and
 * for neither.
 */
export async function selectArtifacts(
  session: Session,
  names: readonly string[],
  filters: readonly Filter[],
): Promise<ArtifactId[]> {
  if (filters.length > 0 && names.length > 0) {
    throw new HsError('USAGE', "ID cannot be given together with '--filter'");
  }
  if (filters.length === 0 && names.length === 0) throw new HsError('USAGE', 'ID is missing');
  const catalog = await session.catalog();
  const ids = new Set<ArtifactId>();
  for (const { artifact_id } of await resolveArtifacts(catalog, names)) ids.add(artifact_id);
  if (filters.length === 0) return [...ids];
  const query = { filters, now: session.now(), signal: session.signal };
  for await (const { artifact_id } of listArtifacts(catalog, query, completerOf(session)))
    ids.add(artifact_id);
  return [...ids];
}
