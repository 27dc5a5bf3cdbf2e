import type { CapabilityId } from '../core/capabilities.js';
import type { Catalog } from '../core/catalog.js';
import type { Session } from './session.js';

/** What setting or removing a pin of that name takes: an actor's own name may be allowed where others are not. */
export async function pinCapability(session: Session, catalog: Catalog, name: string): Promise<CapabilityId> {
  if (name !== session.actor.id) return 'pin.set';
  return (await session.isAllowed(catalog, 'pin.set')) ? 'pin.set' : 'pin.set:own';
}
