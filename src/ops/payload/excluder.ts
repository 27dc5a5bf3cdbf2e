import { compileGlob } from '../../core/text/compile-glob.js';
import { escapeText } from '../../core/text/escape-control.js';
import { bytesInGlob } from '../../core/text/raw-name.js';

interface Pattern {
  readonly glob: string;
  readonly matches: (path: string) => boolean;
  used: boolean;
}

/** Decides which paths are excluded, and which globs excluded nothing. */
export class Excluder {
  readonly #patterns: readonly Pattern[];

  /** A glob without `/` matches a name at any depth, one with `/` a path relative to the stored directory. */
  constructor(globs: readonly string[]) {
    this.#patterns = globs.map((glob) => {
      const anchored = glob.replace(/\/+$/, '');
      const matches = compileGlob(bytesInGlob(anchored.replace(/^(?:\.?\/)+/, '')));
      const ofName = (path: string) => matches(path.slice(path.lastIndexOf('/') + 1));
      return { glob, matches: anchored.includes('/') ? matches : ofName, used: false };
    });
  }

  /** Whether a path, relative to the stored directory, is excluded. Tries all globs, to record which ones match. */
  excludes(path: string): boolean {
    let is = false;
    for (const pattern of this.#patterns) {
      if ((is && pattern.used) || !pattern.matches(path)) continue;
      pattern.used = true;
      is = true;
    }
    return is;
  }

  /** The globs that have excluded nothing so far. */
  get unused(): readonly string[] {
    return this.#patterns.filter((p) => !p.used).map((p) => p.glob);
  }
}

const MOST_SHOWN = 5;

/** The message for globs that excluded nothing: most likely the files meant by them are stored. */
export function unusedGlobs(globs: readonly string[]): string {
  const shown = globs.slice(0, MOST_SHOWN).map((glob) => `'${escapeText(glob)}'`);
  const more = globs.length > MOST_SHOWN ? ` and ${globs.length - MOST_SHOWN} more` : '';
  return `nothing is excluded by ${shown.join(', ')}${more}`;
}

/** The same glob relative to the stored directory, if it was written relative to its parent. */
export function globHint(globs: readonly string[], directories: readonly string[]): string {
  for (const glob of globs) {
    const slash = glob.indexOf('/');
    if (slash > 0 && directories.includes(glob.slice(0, slash))) {
      return `paths are those in the directory that is stored: --exclude '${escapeText(glob.slice(slash + 1))}'`;
    }
  }
  return 'a glob with a slash matches paths in the directory that is stored, one without matches names at any depth';
}
