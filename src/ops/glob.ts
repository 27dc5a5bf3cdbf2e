import picomatch from 'picomatch';
import { HsError } from '../errors/hs-error.js';

/** Linux takes no longer path. The library throws from 65,536 on; the expressions it makes do before. */
const MAX_GLOB_LENGTH = 4096;
const SHOWN_LENGTH = 60;

/** What a glob of a person matches, names that begin with a dot included. USAGE for one that is none. */
export function compileGlob(glob: string): (text: string) => boolean {
  if (glob === '')
    throw new HsError('USAGE', "the glob '' matches nothing", { hint: "'*' matches every name" });
  if (glob.length > MAX_GLOB_LENGTH) {
    throw new HsError(
      'USAGE',
      `the glob '${glob.slice(0, SHOWN_LENGTH).toWellFormed()}…' is longer than ${MAX_GLOB_LENGTH} characters`,
    );
  }
  try {
    const matches = picomatch(glob, { dot: true });
    // The expression is put together here, and compiled when it is first used.
    matches('x');
    return (text) => matches(text);
  } catch (cause) {
    // Unbalanced brackets inside others make the library trip over its own tree, with whatever error that gives.
    throw new HsError('USAGE', `'${glob}' cannot be read as a glob`, { cause });
  }
}
