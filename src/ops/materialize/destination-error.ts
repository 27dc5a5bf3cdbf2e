import { escapeText } from '../../core/text/escape-control.js';
import { errnoMeaning } from '../../errors/errno-meaning.js';
import { HsError } from '../../errors/hs-error.js';

/** UNSAFE_PATH for a mount point, which nothing can be put in the place of; else SYSTEM, with what the system says. */
export function destinationError(e: NodeJS.ErrnoException, destination: string): HsError {
  if (e.code === 'EBUSY') {
    return new HsError(
      'UNSAFE_PATH',
      `destination '${escapeText(destination)}' is refused: it is a mount point`,
      {
        cause: e,
      },
    );
  }
  return new HsError('SYSTEM', `cannot write '${escapeText(destination)}': ${errnoMeaning(e)}`, { cause: e });
}
