import type { Style } from './style.js';
import type { TableLayout } from './table.js';

/** What a command needs to know to show a result. Strings from a store go through `text`. */
export interface View {
  /** Escapes what a terminal could obey (G6); with `-z`, leaves the string as it is. */
  text(raw: string): string;
  readonly style: Style;
  /** Columns of the terminal, 80 where there is none. */
  readonly width: number;
  /** True where a person reads: headings, ages and bars are for them. */
  readonly terminal: boolean;
  /** Whether characters beyond ASCII can be drawn. */
  readonly unicode: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Milliseconds: the clock of the command, for ages. */
  readonly now: number;
  /** Of a table that is drawn in parts. */
  readonly layout?: TableLayout;
}
