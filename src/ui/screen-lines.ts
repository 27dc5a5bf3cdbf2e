import { EventEmitter } from 'node:events';
import type { OutputStream } from '../cli/io/output-stream.js';
import { displayWidth } from '../cli/text/width.js';
import { COLUMN } from './column-text.js';
import type { Slots } from './line-placeholders.js';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
/** Cleared first: after a resize, tmux moves the alternate screen's content into the scrollback. */
const LEAVE = '\x1b[0m\x1b[2J\x1b[H\x1b[?7h\x1b[?25h\x1b[?1049l';
const SGR = /\x1b\[[0-9;:]*m/g;

/** Column marks become cursor jumps, so that columns are aligned whatever the width of the text before. */
function placed(text: string): string {
  let out = '';
  let column = 0;
  text.split(COLUMN).forEach((part, i) => {
    if (i > 0) {
      out += `\x1b[${column + 1}G `;
      column += 1;
    }
    out += part;
    column += displayWidth(part.replace(SGR, ''));
  });
  return out;
}

/**
 * Ink's output, drawn on the alternate screen of a terminal. Ink's own writer erases the scrollback when a frame is as
 * high as the terminal, and shows nothing if CI is set, so it hands over each frame as a whole, and only lines that
 * differ are painted.
 */
export class Screen extends EventEmitter {
  readonly #out: OutputStream;
  readonly #slots: Slots;
  #lines: readonly string[] = [];
  #open = false;
  columns: number;
  rows: number;
  /** Kept false: Ink then leaves cursor and screen to this class. */
  readonly isTTY = false;
  readonly writable = true;

  constructor(out: OutputStream & { readonly rows?: number }, slots: Slots) {
    super();
    this.#slots = slots;
    this.#out = out;
    this.columns = out.columns || 80;
    this.rows = out.rows || 24;
  }

  enter(): void {
    this.#open = true;
    this.#out.write(ENTER);
  }

  /** Restores the terminal; idempotent. */
  leave(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#out.write(LEAVE);
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.repaint();
  }

  /** Redraws everything with the next frame. */
  repaint(): void {
    this.#lines = [];
    if (this.#open) this.#out.write('\x1b[0m\x1b[2J');
  }

  /** Receives a frame from Ink. */
  write(frame: string): boolean {
    if (!this.#open || frame === '') return true;
    const lines = this.#slots.linesOf(frame).slice(0, this.rows);
    let out = '';
    for (let i = 0; i < Math.max(lines.length, this.#lines.length); i++) {
      const text = lines[i] ?? '';
      if (text !== this.#lines[i]) out += `\x1b[${i + 1};1H\x1b[0m\x1b[2K${placed(text)}`;
    }
    this.#lines = lines;
    if (out !== '') this.#out.write(out);
    return true;
  }
}
