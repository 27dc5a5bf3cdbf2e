import { listing } from '../../src/cli/command.js';
import type { Context } from '../../src/cli/command-context.js';
import { flag } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';
import type { View } from '../../src/cli/text/view.js';
import { canonicalText } from '../../src/core/json/canonical.js';
import { humanSize } from '../../src/core/text/human.js';
import { HsError, isHsError } from '../../src/errors/hs-error.js';
import type { Difference, FileSide } from '../../src/ops/inspect/diff-artifacts.js';
import type { DiffTarget } from '../../src/ops/inspect/diff-side.js';
import type { Session } from '../../src/ops/session/session.js';

const WIDEST = 'removed'.length;

function sizes(before: FileSide | undefined, after: FileSide | undefined): string {
  if (before === undefined || after === undefined) return humanSize((before ?? after)!.size_bytes);
  if (before.size_bytes === after.size_bytes) return humanSize(after.size_bytes);
  return `${humanSize(before.size_bytes)} to ${humanSize(after.size_bytes)}`;
}

function describe(d: Difference, view: View): string {
  if (d.what === 'payload') {
    return d.change === 'type'
      ? 'one is a file, the other a directory'
      : `payload (${sizes(d.before, d.after)})`;
  }
  if (d.what === 'field') {
    const values = [d.before, d.after].map((v) =>
      v === undefined ? undefined : view.text(canonicalText(v)),
    );
    return `${d.path}: ${values.filter((v) => v !== undefined).join(' to ')}`;
  }
  if (d.change === 'mode')
    return `${view.text(d.path)} (${d.after!.executable ? 'now' : 'no longer'} executable)`;
  return `${view.text(d.path)} (${sizes(d.before, d.after)})`;
}

/** `hs diff`: compares two artifacts, or one with a file or directory outside the store. */
export const diff = listing({
  name: 'diff',
  class: 'porcelain',
  opens: 'read',
  verdict: true,
  summary: 'compare two artifacts, or one with a directory',
  description: `Compares two payloads by their hashes: for directories, each file that was added, removed or changed, or became executable or not; for files, whether they are the same. The second may be a file or a directory outside the store: a PATH that begins with a slash, \`./\` or \`../\`, or is \`.\` or \`..\`, or any other existing path that is not the name of an artifact. With \`--manifest\`, compares the manifests, which always differ in some fields.

With \`--patch\`, prints what changed in each text as a unified diff, for \`git apply\` and \`patch -p1\`; with \`--stat\`, how many lines of each file changed, as git does. A file with a NUL in its first 8000 bytes, or of more than 16 MiB, is binary and only said to differ: \`git apply\` refuses a patch with one, \`patch\` leaves its bytes out.

Links in a directory outside the store are not compared. The status is 1 if the two differ.`,
  positionals: {
    before: one('ID', { complete: 'artifact' }),
    after: one('ID|PATH', { complete: 'artifact' }),
  },
  options: {
    manifest: flag(undefined, 'compare the manifests instead of the payloads'),
    patch: flag('p', 'print what changed in each text'),
    stat: flag(undefined, 'print how many lines of each file changed'),
  },
  pages: true,
  resultSchema: 'hs.diff/1',
  examples: [
    { command: 'hs diff dist@{1} dist', explains: 'Show what changed since the previous version.' },
    { command: 'hs diff dist ./dist --stat', explains: 'Compare the newest version with a directory.' },
  ],
  exits: { 1: 'they differ' },
  seeAlso: ['hs-ls-index(1)', 'hs-show(1)'],
  async *run(context): AsyncGenerator<Row, void> {
    const { args, options, session, exit } = context;
    if ([options.manifest, options.patch, options.stat].filter(Boolean).length > 1) {
      throw new HsError('USAGE', "only one of '--manifest', '--patch' and '--stat' can be given");
    }
    const s = await session();
    if (options.manifest) {
      const { diffManifests } = await import('../../src/ops/inspect/diff-artifacts.js');
      const fields = await diffManifests(s, args.before, args.after);
      if (fields.length > 0) exit(1);
      yield* fields;
      return;
    }
    const { diffContents } = await import('../../src/ops/inspect/diff-contents.js');
    const target = await targetOf(context, s, args.after);
    const texts = options.patch || options.stat;
    const files = [];
    const { statOf } = await import('../../src/cli/text/patch-text.js');
    const { patchOf } = await import('../../src/ops/inspect/patch-of.js');
    for await (const d of diffContents(s, [{ artifact: args.before }, target], { texts })) {
      exit(1);
      const { name, text, ...difference } = d;
      const lines = text === undefined ? {} : { added: text.added, removed: text.removed };
      if (!options.stat) yield { ...difference, ...lines, ...(options.patch ? { [PATCH]: patchOf(d) } : {}) };
      // The layout depends on all of them; the hunks do not belong to it.
      else files.push({ ...d, ...(text && { text: { ...text, hunks: '' } }) });
    }
    if (!options.stat) return;
    if (context.globals.json || context.globals.jsonl) {
      for (const { name, text, ...d } of files)
        yield { ...d, ...(text && { added: text.added, removed: text.removed }) };
    } else if (files.length > 0) {
      const width = context.view.terminal ? context.view.width : 80;
      const shown = files.map((f) => ({ ...f, name: context.view.text(f.name) }));
      for (const line of statOf(shown, width).split('\n')) yield { [STAT]: line } as unknown as Row;
    }
  },
  line: (row, view) => {
    if (STAT in row) return { formatted: row[STAT]! };
    if (PATCH in row) return { formatted: row[PATCH]! };
    const { good, bad, warning } = view.style;
    const paint = { added: good, removed: bad, changed: warning, mode: warning, type: warning }[row.change];
    return `${paint(row.change.padEnd(WIDEST))}  ${describe(row, view)}`;
  },
});

/** What is printed instead of a difference; symbols, so that no document has them. */
const PATCH = Symbol('patch');
const STAT = Symbol('stat');
type Row = Difference & {
  readonly added?: number;
  readonly removed?: number;
  readonly [PATCH]?: Uint8Array;
  readonly [STAT]?: string;
};

/** An artifact, unless only a path can be meant. */
async function targetOf(
  { path, disk }: Pick<Context, 'path' | 'disk'>,
  session: Session,
  typed: string,
): Promise<DiffTarget> {
  if (/^\.{0,2}\/|^\.{1,2}$/.test(typed)) return { path: path(typed) };
  const { resolveArtifact } = await import('../../src/ops/naming/resolve-artifact.js');
  try {
    await resolveArtifact(await session.catalog(), typed);
    return { artifact: typed };
  } catch (e) {
    if (!isHsError(e, 'NOT_FOUND') || (await (await disk()).find(path(typed))) === undefined) throw e;
    return { path: path(typed) };
  }
}
