import { HsError } from '../../errors/hs-error.js';
import { shortText } from './escape-control.js';
import { Glob, NotAGlob } from './glob.js';
import { normalText } from './normal-form.js';

/** The maximum length of a path on Linux. */
const MAX_GLOB_LENGTH = 4096;

/**
 * Compiles a user's glob; it also matches names that begin with a dot, in any Unicode normal form. USAGE if it is
 * invalid.
 */
export function compileGlob(glob: string): (text: string) => boolean {
  if (glob === '')
    throw new HsError('USAGE', "the glob '' matches nothing", { hint: "'*' matches every name" });
  if (glob.length > MAX_GLOB_LENGTH) {
    throw new HsError('USAGE', `the glob '${shortText(glob)}' is longer than ${MAX_GLOB_LENGTH} characters`);
  }
  try {
    const compiled = new Glob(normalText(glob));
    return (text) => compiled.matches(normalText(text));
  } catch (e) {
    if (!(e instanceof NotAGlob)) throw e;
    throw new HsError('USAGE', `'${glob}' is not a valid glob: ${e.message}`);
  }
}
