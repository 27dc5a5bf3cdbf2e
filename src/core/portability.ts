import type { SafePath } from './paths.js';

/** What other systems do not keep apart or do not take (B4): a warning at `put`, refused in bundles. */
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
  /** The path, or the directory of it, that the problem is in. */
  readonly path: string;
  /** For a collision: the path it would be merged with. */
  readonly other?: string;
}

// Microsoft, "Naming Files, Paths, and Namespaces": also with any extension, and with superscript digits.
const RESERVED_NAME = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\s*\..*)?$/iu;
const RESERVED_CHARACTER = /[<>:"|?*]/;
// Invisible or reordering: two names that look the same, or one that HFS+ takes for another.
const FORMAT = /[\p{Cf}\p{Zl}\p{Zp}]/u;
const PLAIN = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

function* componentKinds(name: string): Generator<PortabilityKind> {
  if (name.includes('\\')) yield 'backslash';
  if (RESERVED_NAME.test(name)) yield 'reserved-name';
  if (RESERVED_CHARACTER.test(name)) yield 'reserved-character';
  if (/[. ]$/.test(name)) yield 'trailing-dot-or-space';
  if (FORMAT.test(name)) yield 'format-character';
}

/** Lower then upper: full case folding but for a few letters, which it merges (the safe side). */
function caseKey(path: string): string {
  return path.normalize('NFD').toLowerCase().toUpperCase().normalize('NFD');
}

/**
 * Everything about `paths` that another system could not hold, each file and directory looked at
 * once. Paths come in any order; which of two colliding ones is `path` follows that order.
 */
export function* portabilityProblems(paths: Iterable<SafePath>): Generator<PortabilityProblem> {
  const seen = new Set<string>();
  const byKey = new Map<string, string>();
  for (const whole of paths) {
    for (let end = whole.indexOf('/'); ; end = whole.indexOf('/', end + 1)) {
      const path = end === -1 ? whole : whole.slice(0, end);
      if (!seen.has(path)) {
        seen.add(path);
        const name = path.slice(path.lastIndexOf('/') + 1);
        if (!PLAIN.test(name) || RESERVED_NAME.test(name))
          for (const kind of componentKinds(name)) yield { kind, path };
        yield* collision(byKey, path);
      }
      if (end === -1) break;
    }
  }
}

function* collision(byKey: Map<string, string>, path: string): Generator<PortabilityProblem> {
  const key = caseKey(path);
  const other = byKey.get(key);
  if (other === undefined) {
    byKey.set(key, path);
    return;
  }
  // A directory that collides says it once; what lies in it would repeat it for each file.
  const parent = (p: string) => p.slice(0, Math.max(0, p.lastIndexOf('/')));
  if (parent(path) !== parent(other) && path.slice(parent(path).length) === other.slice(parent(other).length))
    return;
  const kind = path.normalize('NFC') === other.normalize('NFC') ? 'normal-form-collision' : 'case-collision';
  yield { kind, path, other };
}
