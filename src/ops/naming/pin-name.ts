import { PIN_NAME_PATTERN } from '../../core/ledger/operation.js';
import { shortText } from '../../core/text/escape-control.js';
import { normalText } from '../../core/text/normal-form.js';
import { HsError } from '../../errors/hs-error.js';
import type { Session } from '../session/session.js';

/** The default name of a pin: the actor's own id, which a job may set too. */
export function defaultPinName(session: Session): string {
  return PIN_NAME_PATTERN.test(session.actor.id) ? session.actor.id : 'pinned';
}

/** USAGE for an invalid pin name. */
export function toPinName(given: string): string {
  const name = normalText(given);
  if (PIN_NAME_PATTERN.test(name)) return name;
  throw new HsError('USAGE', `'${shortText(name)}' is not a pin name`, {
    hint: 'letters, digits and ._@+/-, at most 128, the first a letter or digit',
  });
}
