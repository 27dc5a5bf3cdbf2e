import type { Catalog } from '../../core/catalog/catalog.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import type { CapabilityId } from '../../core/policy/capabilities.js';
import type { Session } from './session.js';

/** Whether another actor, also one of another type, has set a pin of that name on one of these artifacts. */
async function isAnothers(
  session: Session,
  catalog: Catalog,
  name: string,
  ids: Iterable<ArtifactId>,
): Promise<boolean> {
  const { type, id } = session.actor;
  for (const artifact of ids) {
    const pins = (await catalog.get(artifact))?.pins ?? [];
    if (pins.some((pin) => pin.name === name && pin.actor !== `${type}:${id}`)) return true;
  }
  return false;
}

/**
 * The capability for setting or removing a pin of that name: an actor's own name may be allowed where others are not.
 */
export async function pinCapability(
  session: Session,
  catalog: Catalog,
  name: string,
  artifacts: Iterable<ArtifactId> = [],
): Promise<CapabilityId> {
  if (name !== session.actor.id || (await isAnothers(session, catalog, name, artifacts))) return 'pin.set';
  return (await session.isAllowed(catalog, 'pin.set')) ? 'pin.set' : 'pin.set:own';
}
