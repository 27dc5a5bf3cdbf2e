import { escapeText } from '../../core/text/escape-control.js';
import { HsError } from '../../errors/hs-error.js';

/** INTEGRITY: an entry does not match the bundle. */
export function lies(what: string, entry: string): HsError {
  return new HsError('INTEGRITY', `'${escapeText(entry)}' ${what}`, {
    details: { entry: escapeText(entry) },
  });
}

/** HOSTILE_INPUT: an entry that may not be in a bundle. */
export function foreign(what: string, entry: string): HsError {
  return new HsError('HOSTILE_INPUT', `'${escapeText(entry)}' ${what}`, {
    details: { entry: escapeText(entry) },
  });
}
