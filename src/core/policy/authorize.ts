import { HsError } from '../../errors/hs-error.js';
import { ACTOR_TYPES, type ActorType } from '../manifest/vocabulary.js';
import type { CapabilityId } from './capabilities.js';
import type { Policy } from './policy.js';

/** The acting person or program; declared, not authenticated (F2). */
export interface Actor {
  readonly type: ActorType;
  readonly id: string;
}

const ACTOR_ID = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;

/** `human:NAME`, `ai_job:NAME` or `plugin_tool:NAME`; USAGE for anything else. */
export function toActor(text: string): Actor {
  const colon = text.indexOf(':');
  const type = ACTOR_TYPES.find((t) => t === text.slice(0, colon));
  const id = text.slice(colon + 1);
  if (type === undefined || !ACTOR_ID.test(id)) {
    throw new HsError('USAGE', `'${text}' is not an actor`, {
      hint: 'HS_ACTOR is human:NAME, ai_job:NAME or plugin_tool:NAME, NAME of letters, digits and ._@+-',
    });
  }
  return { type, id };
}

/** A grant of `x` includes its qualified forms, except `artifact.read:restricted`, which is an extension. */
function covers(granted: CapabilityId, wanted: CapabilityId): boolean {
  return granted === wanted || (wanted !== 'artifact.read:restricted' && wanted.startsWith(`${granted}:`));
}

/** Denied unless a grant allows it (F1). */
export function isAllowed(policy: Policy, actor: Actor, capability: CapabilityId): boolean {
  return policy.grants.some(
    (g) =>
      g.actor === actor.type &&
      (g.actor_id === undefined || g.actor_id === actor.id) &&
      g.capabilities.some((c) => covers(c, capability)),
  );
}
