import { escapeText } from '../text/escape-control.js';
import type { SafePath } from './safe-path.js';

/** What other systems do not distinguish or do not accept (B4): a warning at `put`, refused in bundles. */
export type PortabilityKind =
  | 'backslash'
  | 'reserved-name'
  | 'reserved-character'
  | 'trailing-dot-or-space'
  | 'format-character'
  | 'case-collision'
  | 'normal-form-collision';

export interface PortabilityProblem {
  readonly kind: PortabilityKind;
  /** The path, or a directory of it, that has the problem. */
  readonly path: string;
  /** For a collision: the path it would be merged with. */
  readonly other?: string;
}

/** The problem in words: `trailing dot or space`, `case collision with 'a'`. */
export function portabilityText({ kind, other }: Omit<PortabilityProblem, 'path'>): string {
  return `${kind.replaceAll('-', ' ')}${other === undefined ? '' : ` with '${escapeText(other)}'`}`;
}

// Microsoft, "Naming Files, Paths, and Namespaces": also with any extension, and with superscript digits.
const RESERVED_NAME = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\s*\..*)?$/iu;
const RESERVED_CHARACTER = /[<>:"|?*]/;
// Invisible or reordering: two names that look the same, or that HFS+ treats as equal.
const FORMAT = /[\p{Cf}\p{Zl}\p{Zp}]/u;
const PLAIN = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

function* componentKinds(name: string): Generator<PortabilityKind> {
  if (name.includes('\\')) yield 'backslash';
  if (RESERVED_NAME.test(name)) yield 'reserved-name';
  if (RESERVED_CHARACTER.test(name)) yield 'reserved-character';
  if (/[. ]$/.test(name)) yield 'trailing-dot-or-space';
  if (FORMAT.test(name)) yield 'format-character';
}

/** Lower case, then upper: full case folding except for a few letters, which it merges (the safe side). */
function fold(name: string): string {
  return name.normalize('NFD').toLowerCase().toUpperCase().normalize('NFD');
}

const ROOT = 0;

/** Takes the paths of one tree one by one and reports what another system could not represent. */
export class PortabilityCheck {
  /** Every path and directory seen, with the number of its case-folded equivalent. */
  readonly #seen = new Map<string, number>();
  /** By parent number and folded name: one key per component keeps deep paths linear. */
  readonly #byFold = new Map<string, { id: number; path: string }>();

  /** The problems that `path` adds; each directory is checked once for all paths. */
  *add(path: SafePath): Generator<PortabilityProblem> {
    let parent = ROOT;
    let start = 0;
    for (;;) {
      const slash = path.indexOf('/', start);
      const prefix = slash === -1 ? path : path.slice(0, slash);
      let id = this.#seen.get(prefix);
      if (id === undefined) {
        const name = prefix.slice(start);
        if (!PLAIN.test(name) || RESERVED_NAME.test(name))
          for (const kind of componentKinds(name)) yield { kind, path: prefix };
        id = yield* this.#enter(parent, name, prefix);
        this.#seen.set(prefix, id);
      }
      if (slash === -1) return;
      parent = id;
      start = slash + 1;
    }
  }

  *#enter(parent: number, name: string, path: string): Generator<PortabilityProblem, number> {
    const key = `${parent}/${fold(name)}`;
    const twin = this.#byFold.get(key);
    if (twin === undefined) {
      const id = this.#byFold.size + 1;
      this.#byFold.set(key, { id, path });
      return id;
    }
    const other = twin.path.slice(twin.path.lastIndexOf('/') + 1);
    // The same name in two directories that collide: the directories were reported.
    if (other !== name) {
      const kind =
        name.normalize('NFC') === other.normalize('NFC') ? 'normal-form-collision' : 'case-collision';
      yield { kind, path, other: twin.path };
    }
    return twin.id;
  }
}

/**
 * Everything in the tree `paths` that another system could not represent. Paths come in any order, which also decides
 * which of two colliding ones is `path` and which is `other`.
 */
export function* portabilityProblems(paths: Iterable<SafePath>): Generator<PortabilityProblem> {
  const check = new PortabilityCheck();
  for (const path of paths) yield* check.add(path);
}
