import { escapeText } from '../../core/text/escape-control.js';
import { bytesInGlob } from '../../core/text/raw-name.js';
import { compileGlob } from '../naming/compile-glob.js';

interface Pattern {
  readonly glob: string;
  readonly matches: (path: string) => boolean;
  used: boolean;
}

/** Says what is left out, and which of its globs left nothing out. */
export class Excluder {
  readonly #patterns: readonly Pattern[];

  /** A glob without `/` matches a name at any depth, one with `/` a path from the directory that is stored. */
  constructor(globs: readonly string[]) {
    this.#patterns = globs.map((glob) => {
      const anchored = glob.replace(/\/+$/, '');
      const matches = compileGlob(bytesInGlob(anchored.replace(/^(?:\.?\/)+/, '')));
      const ofName = (path: string) => matches(path.slice(path.lastIndexOf('/') + 1));
      return { glob, matches: anchored.includes('/') ? matches : ofName, used: false };
    });
  }

  /** Whether a path, relative to the directory that is stored, is left out. All globs are asked, to know which serve. */
  excludes(path: string): boolean {
    let is = false;
    for (const pattern of this.#patterns) {
      if ((is && pattern.used) || !pattern.matches(path)) continue;
      pattern.used = true;
      is = true;
    }
    return is;
  }

  /** The globs that left nothing out so far. */
  get unused(): readonly string[] {
    return this.#patterns.filter((p) => !p.used).map((p) => p.glob);
  }
}

const MOST_SHOWN = 5;

/** What to say of globs that left nothing out: most likely what they should have is stored. */
export function unusedGlobs(globs: readonly string[]): string {
  const shown = globs.slice(0, MOST_SHOWN).map((glob) => `'${escapeText(glob)}'`);
  const more = globs.length > MOST_SHOWN ? ` and ${globs.length - MOST_SHOWN} more` : '';
  return `nothing is excluded by ${shown.join(', ')}${more}`;
}

/** The same glob from the directory that is stored, where it was written from the one above. */
export function globHint(globs: readonly string[], directories: readonly string[]): string {
  for (const glob of globs) {
    const slash = glob.indexOf('/');
    if (slash > 0 && directories.includes(glob.slice(0, slash))) {
      return `paths are those in the directory that is stored: --exclude '${escapeText(glob.slice(slash + 1))}'`;
    }
  }
  return 'a glob with a slash matches paths in the directory that is stored, one without matches names at any depth';
}
