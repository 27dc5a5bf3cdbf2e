import chalk from 'chalk';
import type { Line, Tone } from './styled-line.js';

const LOOKS: Readonly<Record<Tone, (text: string) => string>> = {
  plain: (text) => text,
  strong: chalk.bold,
  dim: chalk.dim,
  good: chalk.green,
  danger: chalk.red.bold,
  accent: chalk.cyan.bold,
  cursor: chalk.inverse,
};

/** Supplementary private use plane A: escaped in all text from artifacts, so these are always ours. */
const FIRST = 0xf0000;
/** More lines than any screen has. */
const SIZE = 4096;

/**
 * Passes lines through Ink as one private character each. Ink measures and cuts every character of every frame, 40 ms
 * for 120 by 50; these lines are measured already (bench/preview).
 */
export class Slots {
  readonly #texts: string[] = [];
  readonly #places = new Map<string, number>();
  #next = 0;

  /** The character that stands for `line`. */
  of(line: Line): string {
    const text = line.map((span) => LOOKS[span.tone ?? 'plain'](span.text)).join('');
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.#next++ % SIZE;
      this.#places.delete(this.#texts[place] ?? '');
      this.#texts[place] = text;
      this.#places.set(text, place);
    }
    return String.fromCodePoint(FIRST + place);
  }

  /** The lines of a frame; a line without a slot, such as an error that Ink shows, is left unchanged. */
  linesOf(frame: string): string[] {
    return frame.split('\n').map((row) => this.#texts[(row.codePointAt(0) ?? 0) - FIRST] ?? row);
  }
}
