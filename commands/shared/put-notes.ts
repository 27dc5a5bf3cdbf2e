import { portabilityText } from '../../src/core/paths/portability.js';
import { counted } from '../../src/core/text/human.js';
import type { PutResult } from '../../src/ops/put/put.js';

interface Notes {
  note(message: string): void;
  warn(message: string): void;
}

const MANY = { link: 'links', 'empty directory': 'empty directories', store: 'stores', excluded: 'excluded' };
const SHOWN = 5;

/** Warnings about data not stored as it was; a few by name, the rest as a count. */
export function tellOfPut(result: PutResult, log: Notes): void {
  if (result.leftOut.length === 0 && result.portability.length === 0) return;
  for (const why of ['link', 'empty directory', 'store', 'excluded'] as const) {
    const paths = result.leftOut.filter((l) => l.why === why).map((l) => `'${l.path}'`);
    if (paths.length === 0) continue;
    const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : '';
    const what = counted(paths.length, why, MANY[why]);
    log.note(`left out ${what}: ${paths.slice(0, SHOWN).join(', ')}${more}`);
  }
  for (const problem of result.portability.slice(0, SHOWN)) {
    log.warn(`'${problem.path}' is not portable: ${portabilityText(problem)}`);
  }
  const more = result.portability.length - SHOWN;
  if (more > 0) log.warn(`${counted(more, 'more path is', 'more paths are')} not portable`);
}
