import type * as z from 'zod/mini';
import { listing } from '../../src/cli/command.js';
import { flag, integer } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';
import type { lineageRow } from '../../src/cli/schemas/artifacts.js';
import type { View } from '../../src/cli/text/view.js';
import { labelWithId } from '../../src/core/manifest/label-of.js';
import { utcTime } from '../../src/core/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';

type Row = z.output<typeof lineageRow>;

const SIGN = { self: '', source: '<- ', derived: '-> ' } as const;
/** A chain of thousands stays readable; deeper rows say how deep. */
const DEEPEST_INDENT = 24;

function besides(row: Row): string {
  const kind = row.kind === undefined ? '' : `, ${row.kind}`;
  const removed = row.removed_at === undefined ? '' : `, removed ${utcTime(row.removed_at)}`;
  const unknown = row.state === 'unknown' ? ', not in this store' : '';
  return kind + removed + unknown + (row.repeated ? ', as above' : '');
}

function treeLine(row: Row, view: View): string {
  const indent = '  '.repeat(Math.min(row.depth, DEEPEST_INDENT));
  const depth = row.depth > DEEPEST_INDENT ? `[${row.depth}] ` : '';
  const text = indent + depth + SIGN[row.relation] + labelWithId(row, view.text, besides(row));
  if (row.state !== 'live') return view.style.faint(text);
  return row.relation === 'self' ? view.style.strong(text) : text;
}

/** Statements of the DOT language, in whose strings only quotes and backslashes are special. */
function dotLines(row: Row): string[] {
  const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const id = quoted(row.artifact_id);
  const label = `label=${quoted(labelWithId(row, (name) => name, besides({ ...row, repeated: undefined })))}`;
  const style = row.state === 'live' ? '' : ', style=dashed';
  const node = row.repeated ? [] : [`  ${id} [${label}${style}];`];
  if (row.of === undefined) return node;
  const edge = row.relation === 'source' ? [id, quoted(row.of)] : [quoted(row.of), id];
  return [...node, `  ${edge.join(' -> ')};`];
}

/** `hs lineage`: what an artifact was made from, and what was made from it. */
export const lineage = listing({
  name: 'lineage',
  class: 'porcelain',
  opens: 'read',
  summary: 'show what an artifact was made from, and what from it',
  description: `Shows an artifact, what it was made from (\`<-\`), and what was made from it (\`->\`), each followed by its own sources, or by what was made from it in turn. Removed artifacts are shown and followed too. An artifact that was listed before is marked \`as above\` and not followed again. One that is not in this store was named by an artifact that was imported.

A source must be in the store when an artifact is stored that names it, and no revision changes the sources, so nothing is its own ancestor. The list is printed as it is read, whatever its length.

With \`--dot\`, the output is a graph in the DOT language of Graphviz, in which arrows go from a source to what was made from it.`,
  positionals: { id: one('ID', { complete: 'artifact' }) },
  options: {
    up: flag(undefined, 'only what it was made from'),
    down: flag(undefined, 'only what was made from it'),
    depth: integer('N', 'follow at most N steps', { min: 1 }),
    dot: flag(undefined, 'print a graph in the DOT language', { withoutJson: true }),
  },
  pages: ({ dot }) => !dot,
  resultSchema: 'hs.lineage/1',
  examples: [
    { command: 'hs lineage report', explains: 'Show where an artifact comes from and where it went.' },
    { command: 'hs lineage report --down --depth 1', explains: 'Show what was made from it directly.' },
    { command: 'hs lineage report --dot | dot -Tsvg > lineage.svg', explains: 'Draw it.' },
  ],
  seeAlso: ['hs-show(1)', 'hs-ls(1)', 'hs-for-each-artifact(1)', 'hs-put(1)'],
  async *run({ args, options, session, out }): AsyncGenerator<Row, void> {
    if (options.up && options.down) {
      throw new HsError('USAGE', "'--up' cannot be given together with '--down'");
    }
    const { lineage: rowsOf } = await import('../../src/ops/inspect/lineage.js');
    const rows = rowsOf(await session(), args.id, {
      direction: options.up ? 'up' : options.down ? 'down' : 'both',
      ...(options.depth === undefined ? {} : { depth: options.depth }),
    });
    if (!options.dot) {
      yield* rows;
      return;
    }
    await out.record('digraph lineage {');
    for await (const row of rows) for (const line of dotLines(row)) await out.record(line);
    await out.record('}');
  },
  line: treeLine,
});
