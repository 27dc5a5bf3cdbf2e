import type { HsError } from '../errors/hs-error.js';
import type { Command, Rows } from './command.js';
import type { Context } from './command-context.js';
import { failureDocument } from './failure.js';

/** `hs.ls/1` → `hs.ls.row/1`. */
export function rowSchema(schema: string): string {
  return schema.replace(/(\/\d+)?$/, '.row$1');
}

/** The JSON of a row up to its own fields. */
const rowHead = (schema: string) => `{"schema":"${rowSchema(schema)}"`;

/** Prints the result of `run` in the requested form. Nothing else writes results. */
export async function present(
  command: Command,
  value: unknown,
  context: Context,
  errors: readonly HsError[],
): Promise<number> {
  return command.form === 'listing'
    ? presentRows(command, value as Rows<unknown>, context, errors)
    : presentOne(command, value, context, errors);
}

function extras(context: Context, errors: readonly HsError[]): Record<string, unknown> {
  return {
    ...(errors.length > 0 ? { errors: errors.map(failureDocument) } : {}),
    ...(context.log.warnings.length > 0 ? { warnings: context.log.warnings } : {}),
  };
}

async function presentOne(
  command: Command,
  value: unknown,
  context: Context,
  errors: readonly HsError[],
): Promise<number> {
  const { out, view, globals } = context;
  const schema = command.spec.resultSchema;
  if (globals.json && schema !== undefined) {
    await out.json({ schema, ...documentOf(command, value), ...extras(context, errors) });
    return 1;
  }
  if (globals.jsonl && schema !== undefined) {
    const { results } = documentOf(command, value);
    for (const row of results as readonly object[]) await out.row(rowHead(schema), row);
    return 1;
  }
  const shown = command.render(value, view);
  if (typeof shown === 'string') await out.text(shown);
  else for (const record of shown ?? []) await out.record(record);
  return 1;
}

/** The result as its document: the list is called `results`, whatever its name in the code. */
function documentOf({ spec }: Command, value: unknown): Readonly<Record<string, unknown>> {
  if (spec.list === undefined) return value as Record<string, unknown>;
  if (Array.isArray(value)) return { results: value };
  const { ...facts } = (value ?? {}) as Record<string, unknown>;
  const key = [spec.list].flat().find((name) => name in facts);
  if (key === undefined) return { ...facts, results: [] };
  const { [key]: results, ...rest } = facts;
  return { ...rest, results };
}

/** Rows of a table drawn together: the first batch determines the column widths. */
const TABLE_PART = 1000;

async function presentRows(
  command: Command,
  rows: Rows<unknown>,
  context: Context,
  errors: readonly HsError[],
): Promise<number> {
  const { out, view, globals } = context;
  const schema = command.spec.resultSchema!;
  const head = rowHead(schema);
  let all: unknown[] = [];
  let count = 0;
  const isTable = command.table !== undefined && !globals.nul && !globals.json && !globals.jsonl;
  const gather = globals.json || isTable;
  const parts = { ...view, layout: {} };
  for await (const row of rows) {
    context.signal.throwIfAborted();
    count++;
    if (isTable && all.length === TABLE_PART) {
      await out.text(command.table!(all, parts, context.options));
      all = [];
    }
    if (gather) all.push(row);
    else if (globals.jsonl) {
      const written = out.row(head, row as object);
      if (written !== undefined) await written;
    } else await out.record(command.line(row, view));
  }
  if (globals.json) {
    const onlyFailed = count === 0 && errors.length === 1;
    if (!onlyFailed) await out.json({ schema, results: all, ...extras(context, errors) });
  } else if (gather) {
    await out.text(command.table!(all, parts, context.options));
  }
  return count;
}
