import { type GlobToken, type GroupKind, notSlash, type OneOf, SLASH, tokenize } from './glob-tokens.js';

export { NotAGlob } from './glob-tokens.js';

/** A state of the automaton: consumes a character, or continues without one. */
interface State {
  readonly takes?: OneOf;
  readonly to: number[];
}

/** Built from the end: each part is given the state that follows it and returns the state where it starts. */
class Automaton {
  readonly states: State[] = [];

  state(to: readonly number[], takes?: OneOf): number {
    return this.states.push({ to: [...to], ...(takes === undefined ? {} : { takes }) }) - 1;
  }

  /** Repeats `part` any number of times, at least once if `once`. */
  repeated(part: (next: number) => number, next: number, once: boolean): number {
    const again = this.state([next]);
    const start = part(again);
    this.states[again]!.to.push(start);
    return once ? start : again;
  }

  many(takes: OneOf, next: number, once = false): number {
    return this.repeated((after) => this.state([after], takes), next, once);
  }
}

const isSlash: OneOf = (code) => code === SLASH;
const any: OneOf = () => true;

class Builder {
  readonly automaton = new Automaton();
  readonly #tokens: readonly GlobToken[];

  constructor(tokens: readonly GlobToken[]) {
    this.#tokens = tokens;
  }

  /** Builds the tokens from `from` up to `to`, last to first; returns the start state. */
  sequence(from: number, to: number, next: number): number {
    let after = next;
    for (let i = to - 1; i >= from; i--) {
      const token = this.#tokens[i]!;
      if (token.is !== 'close') {
        after = this.#part(token, after);
        continue;
      }
      const open = this.#openOf(i);
      after = this.#group((this.#tokens[open] as { kind: GroupKind }).kind, open, i, after);
      i = open;
    }
    return after;
  }

  #part(token: GlobToken, next: number): number {
    const a = this.automaton;
    switch (token.is) {
      case 'one':
        return a.state([next], token.of);
      case 'star':
        return a.many(notSlash, next);
      case 'all':
        return a.many(any, next);
      case 'below':
        return a.state([next, a.state([a.many(any, next, true)], isSlash)]);
      case 'directories':
        return a.repeated((after) => a.many(notSlash, a.state([after], isSlash), true), next, false);
      default:
        throw new Error(`a '${token.is}' stands alone`);
    }
  }

  #openOf(close: number): number {
    let depth = 0;
    for (let i = close; ; i--) {
      if (this.#tokens[i]!.is === 'close') depth++;
      if (this.#tokens[i]!.is === 'open' && --depth === 0) return i;
    }
  }

  #group(kind: GroupKind, open: number, close: number, next: number): number {
    if (kind === '*' || kind === '+') {
      return this.automaton.repeated((after) => this.#choice(open, close, after), next, kind === '+');
    }
    const start = this.#choice(open, close, next);
    return kind === '?' ? this.automaton.state([start, next]) : start;
  }

  #choice(open: number, close: number, next: number): number {
    const starts: number[] = [];
    let depth = 0;
    let from = open + 1;
    for (let i = open + 1; i <= close; i++) {
      const { is } = this.#tokens[i]!;
      if (is === 'open') depth++;
      if (is === 'close') depth--;
      if (depth > 0 || (is === 'close' && i < close) || (is !== 'or' && i < close)) continue;
      starts.push(this.sequence(from, i, next));
      from = i + 1;
    }
    return this.automaton.state(starts);
  }
}

/** A set of simultaneous states, with the cached transition for each character. */
interface Place {
  readonly states: readonly number[];
  readonly isEnd: boolean;
  readonly next: Map<number, Place>;
}

/** Maximum number of cached transitions; a hostile glob has more state sets than fit in memory. */
const MOST_STEPS = 10_000;

/**
 * A glob compiled to an automaton: matching reads each character once, whatever the glob. `*` and `?` do not match
 * `/`, `**` as a whole component matches directories, `[a-z]` and `[!a-z]` match one character, `{a,b}` and `@(a|b)`,
 * `?(a)`, `*(a)`, `+(a)` are groups, and `\` escapes what follows.
 */
export class Glob {
  readonly #states: readonly State[];
  readonly #end: number;
  readonly #begin: number;
  #places = new Map<string, Place>();
  #steps = 0;
  #start: Place;

  /** Throws {@link NotAGlob}. */
  constructor(text: string) {
    const tokens = tokenize(text);
    const builder = new Builder(tokens);
    this.#end = builder.automaton.state([]);
    this.#begin = builder.sequence(0, tokens.length, this.#end);
    this.#states = builder.automaton.states;
    this.#start = this.#place([this.#begin]);
  }

  /** The closure of these states under transitions that consume no character. */
  #place(from: readonly number[]): Place {
    const seen = new Set(from);
    for (const n of seen) {
      const { takes, to } = this.#states[n]!;
      if (takes === undefined) for (const next of to) seen.add(next);
    }
    const states = [...seen].filter((n) => this.#states[n]!.takes !== undefined).sort((a, b) => a - b);
    const isEnd = seen.has(this.#end);
    const key = `${isEnd}${states.join()}`;
    const place = this.#places.get(key) ?? { states, isEnd, next: new Map() };
    this.#places.set(key, place);
    return place;
  }

  #step(place: Place, code: number): Place {
    const known = place.next.get(code);
    if (known !== undefined) return known;
    if (++this.#steps > MOST_STEPS) this.#forget();
    const to = place.states.flatMap((n) => (this.#states[n]!.takes!(code) ? this.#states[n]!.to : []));
    const next = this.#place(to);
    place.next.set(code, next);
    return next;
  }

  #forget(): void {
    this.#steps = 0;
    this.#places = new Map();
    this.#start = this.#place([this.#begin]);
  }

  matches(text: string): boolean {
    let place = this.#start;
    for (let i = 0; i < text.length && (place.states.length > 0 || place.isEnd); i++) {
      const code = text.codePointAt(i)!;
      if (code > 0xffff) i++;
      place = this.#step(place, code);
    }
    return place.isEnd;
  }
}
