import type { Context } from './command-context.js';
import type { RecordText } from './io/output.js';
import type { Options, Values } from './options.js';
import type { Arguments, Positionals } from './positionals.js';
import type { View } from './text/view.js';

export type CommandClass = 'plumbing' | 'porcelain' | 'meta';
/**
 * How a command uses the store; read by the man pages, the rule for a closed pipe and {@link Context.session}. `write`
 * appends to the ledger, and completes even if its output is closed.
 */
export type Opens = 'none' | 'optional' | 'read' | 'write';

export interface Example {
  /** As typed, including `hs`. */
  readonly command: string;
  readonly explains: string;
}

interface Described<O extends Options, P extends Positionals> {
  /** `put`, or `ledger verify`. */
  readonly name: string;
  readonly class: CommandClass;
  readonly opens: Opens;
  /** One line, lower case, no full stop. `npm run man` copies it to commands/summaries.ts. */
  readonly summary: string;
  /** Paragraphs of the man page, separated by empty lines. */
  readonly description?: string;
  /** Replaces the synopsis made from options and positionals where that is wrong: `hs export ID... --into DIR`. */
  readonly synopsis?: readonly string[];
  readonly positionals?: P;
  readonly options?: O;
  /** Takes `-z`. */
  readonly nul?: true;
  /** Its exit status is another program's: every failure of hs itself, including usage errors, exits with this one. */
  readonly failsWith?: number;
  /** Its exit status is an answer: it completes even if its output is closed. */
  readonly verdict?: true;
  /** Its output is paged on a terminal (under these options). */
  readonly pages?: true | ((options: Values<O>) => boolean);
  /** Writes raw bytes (under these options), so that `--json` is a usage error. */
  readonly streams?: true | ((options: Values<O>) => boolean);
  readonly examples?: readonly Example[];
  /** The meaning of exit statuses beyond the common table. */
  readonly exits?: Readonly<Record<number, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** `hs-pin(1)`, `hs-ledger(7)`. */
  readonly seeAlso?: readonly string[];
  /** Omitted from help, completion and man pages. */
  readonly hidden?: true;
}

/** A command with one result. */
export interface CommandSpec<O extends Options, P extends Positionals, R> extends Described<O, P> {
  /** The `schema` of its `--json` document, `hs.init/1`; absent for commands without one. */
  readonly resultSchema?: string;
  /**
   * The list field of the result, or several of which one is present: its documents call it `results`, and `--jsonl`
   * prints one document per row.
   */
  readonly list?: string | readonly string[];
  run(context: Context<Values<O>, Arguments<P>>): Promise<R>;
  /**
   * Renders the result for a user or a pipe: text, or records terminated according to `-z`; undefined for commands that
   * write as they go.
   */
  render?(value: R, view: View): Rendered;
}

export type Rendered = string | readonly string[] | undefined;

export type Rows<T> = Iterable<T> | AsyncIterable<T>;

/** A command whose result is only a list; it prints as it goes. */
export interface ListingSpec<O extends Options, P extends Positionals, T> extends Described<O, P> {
  /** The `schema` of its `--json` document; that of a row has `.row` before the version. */
  readonly resultSchema: string;
  run(context: Context<Values<O>, Arguments<P>>): Rows<T> | Promise<Rows<T>>;
  /** One record, without its terminator. With `-z`, `view.text` leaves strings unchanged. */
  line(row: T, view: View): RecordText;
  /** Renders all rows for a user, instead of `line`, except with `-z`. */
  table?(rows: readonly T[], view: View, options: Values<O>): string;
}

export interface Command {
  readonly spec: Described<Options, Positionals> & {
    readonly resultSchema?: string;
    readonly list?: string | readonly string[];
    run(context: Context): unknown;
  };
  readonly form: 'single' | 'listing';
  render(value: unknown, view: View): Rendered;
  line(row: unknown, view: View): RecordText;
  readonly table: ((rows: readonly unknown[], view: View, options: unknown) => string) | undefined;
}

type Nothing = Record<never, never>;

/** Whether it takes `--jsonl`. */
export function hasRows({ form, spec }: Command): boolean {
  return form === 'listing' || spec.list !== undefined;
}

/** Defines a command with one result. */
export function command<O extends Options = Nothing, P extends Positionals = Nothing, R = void>(
  spec: CommandSpec<O, P, R>,
): Command {
  return {
    spec: spec as unknown as Command['spec'],
    form: 'single',
    render: (value, view) => spec.render?.(value as R, view),
    line: () => '',
    table: undefined,
  };
}

/** Defines a command that lists. */
export function listing<O extends Options = Nothing, P extends Positionals = Nothing, T = never>(
  spec: ListingSpec<O, P, T>,
): Command {
  const { table } = spec;
  return {
    spec: spec as unknown as Command['spec'],
    form: 'listing',
    render: () => undefined,
    line: (row, view) => spec.line(row as T, view),
    table:
      table === undefined
        ? undefined
        : (rows, view, options) => table(rows as readonly T[], view, options as Values<O>),
  };
}
