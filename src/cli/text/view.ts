import type { Style } from './style.js';
import type { TableLayout } from './table.js';

/** The context for rendering a result. Strings from a store go through `text`. */
export interface View {
  /** Escapes control characters for a terminal (G6); with `-z`, leaves the string unchanged. */
  text(raw: string): string;
  readonly style: Style;
  /** Columns of the terminal, 80 without one. */
  readonly width: number;
  /** True if a user reads the output: headings, ages and bars are shown only then. */
  readonly terminal: boolean;
  /** Whether characters beyond ASCII can be displayed. */
  readonly unicode: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Milliseconds: the clock of the command, for ages. */
  readonly now: number;
  /** For a table that is drawn in parts. */
  readonly layout?: TableLayout;
}
