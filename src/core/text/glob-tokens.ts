/** Whether a code point matches. */
export type OneOf = (code: number) => boolean;

export type GroupKind = '{' | '@' | '?' | '*' | '+';

/** A token of a glob; unbalanced brackets have already become plain characters. */
export type GlobToken =
  | { readonly is: 'one'; readonly of: OneOf }
  /** Any number of characters except `/`. */
  | { readonly is: 'star' }
  /** `**` before a `/`, which it includes: any number of directories. */
  | { readonly is: 'directories' }
  /** `**` after a `/`, which it includes: the directory itself and everything below it. */
  | { readonly is: 'below' }
  /** `**` alone. */
  | { readonly is: 'all' }
  | { readonly is: 'open'; readonly kind: GroupKind }
  | { readonly is: 'or' }
  | { readonly is: 'close' };

/** Why a text is not a glob; the caller adds its name. */
export class NotAGlob extends Error {}

export const SLASH = 0x2f;
/** Maximum nesting of groups, well above real use. */
const MOST_NESTED = 32;

interface Bracket {
  readonly kind: GroupKind;
  readonly at: number;
  /** Positions of its separators. */
  readonly ors: number[];
}

/** Where groups start, separate and end. */
interface Groups {
  readonly opens: ReadonlyMap<number, GroupKind>;
  readonly ors: ReadonlySet<number>;
  readonly closes: ReadonlySet<number>;
}

const closerOf = (kind: GroupKind) => (kind === '{' ? '}' : ')');
const separatorOf = (kind: GroupKind) => (kind === '{' ? ',' : '|');
const beginsGroup = (text: string, i: number) => /[@?*+!]/.test(text[i]!) && text[i + 1] === '(';

/** End of the set that starts at `i`, or undefined: it is a literal bracket. */
function setEnd(text: string, i: number): number | undefined {
  let at = i + 1;
  if (text[at] === '!' || text[at] === '^') at++;
  for (let first = true; at < text.length; at++, first = false) {
    if (text[at] === ']' && !first) return at;
    if (text[at] === '\\') at++;
    const named = text[at] === '[' ? NAMED_SET.exec(text.slice(at, at + 12)) : null;
    if (named !== null) at += named[0].length - 1;
  }
  return undefined;
}

/** Complete groups. `{a}` and `{}` are literal, as in a shell. */
function findGroups(text: string): Groups {
  const open: Bracket[] = [];
  const opens = new Map<number, GroupKind>();
  const ors = new Set<number>();
  const closes = new Set<number>();
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    const inner = open.at(-1);
    if (c === '\\') i++;
    else if (c === '[') i = setEnd(text, i) ?? i;
    else if (beginsGroup(text, i)) {
      if (c === '!') throw new NotAGlob("'!(' is not supported");
      open.push({ kind: c as GroupKind, at: i++, ors: [] });
    } else if (c === '{') open.push({ kind: '{', at: i, ors: [] });
    else if (inner === undefined) continue;
    else if (c === separatorOf(inner.kind)) inner.ors.push(i);
    else if (c === closerOf(inner.kind)) {
      open.pop();
      if (inner.kind === '{' && inner.ors.length === 0) {
        if (text.slice(inner.at, i).includes('..'))
          throw new NotAGlob('a range in braces is not supported: put a comma between what it stands for');
        continue;
      }
      if (open.length >= MOST_NESTED) throw new NotAGlob(`groups are nested more than ${MOST_NESTED} deep`);
      opens.set(inner.at, inner.kind);
      for (const at of inner.ors) ors.add(at);
      closes.add(i);
    }
  }
  return { opens, ors, closes };
}

const NAMED_SET = /^\[:([a-z]{1,8}):\]/;
const NAMED: Readonly<Record<string, RegExp>> = {
  alnum: /^[\p{L}\p{N}]$/u,
  alpha: /^\p{L}$/u,
  blank: /^[ \t]$/,
  digit: /^[0-9]$/,
  lower: /^\p{Ll}$/u,
  punct: /^[\p{P}\p{S}]$/u,
  space: /^\s$/u,
  upper: /^\p{Lu}$/u,
  xdigit: /^[0-9A-Fa-f]$/,
};

/** `[a-z]`, `[!a-z]`, `[[:digit:]_]`: one character, never a slash. */
function readSet(set: string): OneOf {
  const inverted = /^[!^]/.test(set);
  const tests: OneOf[] = [];
  const chars = [...set.slice(inverted ? 1 : 0)];
  for (let i = 0; i < chars.length; i++) {
    const named = NAMED_SET.exec(chars.slice(i, i + 12).join(''));
    if (named !== null) {
      const pattern = NAMED[named[1]!];
      if (pattern === undefined) throw new NotAGlob(`there is no set '${named[0]}'`);
      tests.push((code) => pattern.test(String.fromCodePoint(code)));
      i += named[0].length - 1;
      continue;
    }
    if (chars[i] === '\\' && i + 1 < chars.length) i++;
    const low = chars[i]!.codePointAt(0)!;
    let high = low;
    if (chars[i + 1] === '-' && i + 2 < chars.length) {
      i += chars[i + 2] === '\\' && i + 3 < chars.length ? 3 : 2;
      high = chars[i]!.codePointAt(0)!;
    }
    tests.push((code) => code >= low && code <= high);
  }
  return (code) => code !== SLASH && tests.some((test) => test(code)) !== inverted;
}

export const notSlash: OneOf = (code) => code !== SLASH;

/** The tokens of a glob, in order. */
export function tokenize(text: string): GlobToken[] {
  if (text.startsWith('!') && text[1] !== '(') {
    throw new NotAGlob("it begins with '!', which does not invert it: '\\!' is a plain one");
  }
  const { opens, ors, closes } = findGroups(text);
  const tokens: GlobToken[] = [];
  const isEdge = (i: number) => i < 0 || i >= text.length || ors.has(i);
  const endsPart = (i: number) => isEdge(i) || closes.has(i);
  const beginsPart = (i: number) => isEdge(i) || text[i] === '/' || opens.has(text[i] === '(' ? i - 1 : i);
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    const kind = opens.get(i);
    if (kind !== undefined) {
      tokens.push({ is: 'open', kind });
      if (kind !== '{') i++;
    } else if (ors.has(i)) tokens.push({ is: 'or' });
    else if (closes.has(i)) tokens.push({ is: 'close' });
    else if (c === '*' || (c === '/' && text.startsWith('/**', i))) {
      let end = c === '*' ? i : i + 1;
      const stars = end;
      while (text[end] === '*' && !opens.has(end)) end++;
      const whole = end - stars === 2 && (c === '/' || beginsPart(i - 1));
      if (whole && text[end] === '/') {
        if (c === '/') tokens.push({ is: 'one', of: (code) => code === SLASH });
        tokens.push({ is: 'directories' });
        i = end;
      } else if (whole && endsPart(end)) {
        tokens.push({ is: c === '/' ? 'below' : 'all' });
        i = end - 1;
      } else if (c === '/') tokens.push({ is: 'one', of: (code) => code === SLASH });
      else {
        tokens.push({ is: 'star' });
        i = end - 1;
      }
    } else if (c === '?') tokens.push({ is: 'one', of: notSlash });
    else if (c === '[' && setEnd(text, i) !== undefined) {
      const end = setEnd(text, i)!;
      tokens.push({ is: 'one', of: readSet(text.slice(i + 1, end)) });
      i = end;
    } else {
      if (c === '\\' && i + 1 < text.length) i++;
      const code = text.codePointAt(i)!;
      if (code > 0xffff) i++;
      tokens.push({ is: 'one', of: (other) => other === code });
    }
  }
  return tokens;
}
