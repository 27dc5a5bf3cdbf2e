import { HsError } from '../../errors/hs-error.js';
import { UUID_PATTERN } from '../objects/ids.js';
import { escapeText, shortText } from '../text/escape-control.js';
import { normalText } from '../text/normal-form.js';

declare const brand: unique symbol;

/**
 * A relative path, `/`-separated, that cannot reach outside the directory it is joined to (B4):
 * no empty, `.` or `..` component, no control character, well-formed Unicode.
 */
export type SafePath = string & { readonly [brand]: 'SafePath' };

/** Bytes of UTF-8 in one component: NAME_MAX of Linux, and the limit of ext4, XFS, btrfs and tmpfs. */
export const MAX_COMPONENT_BYTES = 255;
/** Bytes of UTF-8 in a whole path: PATH_MAX of Linux (limits.h). */
export const MAX_PATH_BYTES = 4096;

type PathRule =
  | 'empty'
  | 'not-well-formed'
  | 'control-character'
  | 'too-long'
  | 'absolute'
  | 'empty-component'
  | 'dot-component'
  | 'component-too-long';

type NameRule = PathRule | 'looks-like-id' | 'version-syntax' | 'not-nfc' | 'separator' | 'white-space';

interface PathProblem<R extends string = PathRule> {
  readonly rule: R;
  /** The rule in words, to follow "path 'x' is refused: ". */
  readonly why: string;
}

export type CheckedPath<T, R extends string = PathRule> =
  | { readonly path: T; readonly problem?: undefined }
  | { readonly path?: undefined; readonly problem: PathProblem<R> };

const CONTROL = /\p{Cc}/u;
const ASCII_COMPONENTS = /^[\x20-\x2e\x30-\x7e]{1,255}(?:\/[\x20-\x2e\x30-\x7e]{1,255})*$/;
const DOTS = /(?:^|\/)\.{1,2}(?:\/|$)/;

function findProblem(path: string): PathProblem | undefined {
  const problem = (rule: PathRule, why: string): PathProblem => ({ rule, why });
  if (path === '') return problem('empty', 'it is empty');
  // A lone surrogate becomes U+FFFD on disk, so two strings would name one file.
  if (!path.isWellFormed()) return problem('not-well-formed', 'it contains a lone surrogate');
  if (CONTROL.test(path)) return problem('control-character', 'it contains a control character');
  if (path.startsWith('/')) return problem('absolute', 'it is absolute');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    return problem('too-long', `it is longer than ${MAX_PATH_BYTES} bytes`);
  for (const part of path.split('/')) {
    if (part === '') return problem('empty-component', 'it has an empty component');
    if (part === '.' || part === '..') return problem('dot-component', `it has a '${part}' component`);
    if (Buffer.byteLength(part) > MAX_COMPONENT_BYTES)
      return problem('component-too-long', `it has a component longer than ${MAX_COMPONENT_BYTES} bytes`);
  }
  return undefined;
}

/** Checks `path` by the rules of B4, which are the same on every system; never repairs a path. */
export function checkPath(path: string): CheckedPath<SafePath> {
  const plain = path.length <= MAX_PATH_BYTES && ASCII_COMPONENTS.test(path) && !DOTS.test(path);
  const problem = plain ? undefined : findProblem(path);
  return problem === undefined ? { path: path as SafePath } : { problem };
}

const FORM_HINT = "paths are relative, '/'-separated, without '.', '..' and empty parts";
const HINTS: Partial<Record<PathRule, string>> = {
  'control-character': 'choose a name without control characters',
  empty: FORM_HINT,
  absolute: FORM_HINT,
  'empty-component': FORM_HINT,
  'dot-component': FORM_HINT,
};

/** UNSAFE_PATH with the path escaped, and a hint: by default one of the form that paths have. */
export function refusedPath(path: string, { rule, why }: PathProblem, hint = HINTS[rule]): HsError {
  return new HsError('UNSAFE_PATH', `path '${shortText(path)}' is refused: ${why}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { rule },
  });
}

/** Like {@link checkPath}, but throws UNSAFE_PATH. */
export function toSafePath(path: string): SafePath {
  const { path: safe, problem } = checkPath(path);
  if (safe !== undefined) return safe;
  throw refusedPath(path, problem);
}

/**
 * Checks an artifact's `name`: a path by the rules of B4 (A10; it may have several components, since it is the
 * default destination below the output root, B8), in NFC (A9), that cannot be mistaken for an id or for `name@{n}`.
 */
export function checkName(name: string): CheckedPath<SafePath, NameRule> {
  const checked = checkPath(name);
  if (checked.problem !== undefined) return checked;
  const problem = (rule: NameRule, why: string) => ({ problem: { rule, why } });
  const lower = name.toLowerCase();
  if (UUID_PATTERN.test(lower)) return problem('looks-like-id', 'it looks like an artifact id');
  if (/^[0-9a-f]{64}$/.test(lower)) return problem('looks-like-id', 'it looks like an object id');
  if (name.includes('@{')) return problem('version-syntax', "it contains '@{'");
  if (normalText(name) !== name) return problem('not-nfc', 'it is not in Unicode NFC');
  return checked;
}

/** Checks a name that is given here and now. Those of before, and those that are imported, may have white space around. */
export function checkNewName(name: string): CheckedPath<SafePath, NameRule> {
  const checked = checkName(name);
  if (checked.problem !== undefined || name === name.trim()) return checked;
  return { problem: { rule: 'white-space', why: 'it begins or ends with white space' } };
}

/** The given artifact name in NFC; UNSAFE_PATH with the rule it violates. */
export function toName(given: string): SafePath {
  const name = normalText(given);
  const { path, problem } = checkNewName(name);
  if (path !== undefined) return path;
  throw new HsError('UNSAFE_PATH', `the name '${shortText(name)}' is refused: ${problem.why}`);
}

/** Checks a `filename_hint`: one path component, kept in its original normal form (A9). */
export function checkFilenameHint(hint: string): CheckedPath<SafePath, NameRule> {
  const checked = checkPath(hint);
  if (checked.problem === undefined && hint.includes('/'))
    return { problem: { rule: 'separator', why: "it contains '/'" } };
  return checked;
}

/**
 * Compares paths by their UTF-8 bytes (A3) without encoding them: that is code point order, and UTF-16 units agree
 * with it except that surrogates stand for code points above U+FFFF.
 */
export function comparePaths(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    if (x >= 0xd800 && y >= 0xd800) {
      x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
      y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
    }
    return x - y;
  }
  return a.length - b.length;
}

export interface TreeProblem {
  readonly rule: 'duplicate' | 'file-is-directory';
  /** The path that is both a file and a directory, or occurs twice. */
  readonly path: string;
}

/** The names of a tree, added one by one: no path occurs twice, and no file is also a directory. */
export class TreeNames {
  readonly #kinds = new Map<string, 'file' | 'directory' | 'implied'>();

  /** Number of paths entered and the directories they imply. */
  get size(): number {
    return this.#kinds.size;
  }

  /** Adds `path`, or returns why it conflicts with those present. */
  add(path: SafePath, kind: 'file' | 'directory' = 'file'): TreeProblem | undefined {
    const known = this.#kinds.get(path);
    if (known === 'implied' && kind === 'file') return { rule: 'file-is-directory', path };
    if (known !== undefined && known !== 'implied')
      return { rule: known === kind ? 'duplicate' : 'file-is-directory', path };
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end);
      const above = this.#kinds.get(parent);
      if (above === 'file') return { rule: 'file-is-directory', path: parent };
      if (above !== undefined) break;
      this.#kinds.set(parent, 'implied');
    }
    this.#kinds.set(path, kind);
    return undefined;
  }
}

/** Refuses (UNSAFE_PATH) a list of files in which one occurs twice or is the directory of another. */
export function checkTree(paths: Iterable<SafePath>): void {
  const names = new TreeNames();
  for (const path of paths) {
    const problem = names.add(path);
    if (problem === undefined) continue;
    const why = problem.rule === 'duplicate' ? 'it occurs twice' : 'it is a file and a directory';
    throw new HsError('UNSAFE_PATH', `path '${escapeText(problem.path)}' is refused: ${why}`, {
      details: { rule: problem.rule },
    });
  }
}

/**
 * Like `TreeNames`, for files in the order of {@link comparePaths} and without a table: between a file and anything
 * below it come only paths with the same prefix, so the open ones form a stack, rarely more than two deep.
 */
export class SortedTreeCheck {
  readonly #begun: SafePath[] = [];

  add(path: SafePath): void {
    const begun = this.#begun;
    while (begun.length > 0 && !path.startsWith(begun.at(-1)!)) begun.pop();
    for (const file of begun) {
      if (path.length === file.length || path[file.length] === '/') checkTree([file, path]);
    }
    begun.push(path);
  }
}

/** {@link SortedTreeCheck} for a complete list of files. */
export function checkSortedTree(files: readonly { readonly path: SafePath }[]): void {
  const check = new SortedTreeCheck();
  for (const { path } of files) check.add(path);
}
