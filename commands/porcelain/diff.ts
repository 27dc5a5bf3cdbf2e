import { listing } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';
import { humanSize } from '../../src/cli/text/human.js';
import type { View } from '../../src/cli/text/view.js';
import { canonicalText } from '../../src/core/json/canonical.js';
import type { Difference, FileSide } from '../../src/ops/inspect/diff-artifacts.js';

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

/** `hs diff`: compares the payloads or the manifests of two artifacts. */
export const diff = listing({
  name: 'diff',
  class: 'porcelain',
  opens: 'read',
  verdict: true,
  summary: 'compare two artifacts',
  description: `Compares two payloads by their hashes: for directories, each file that was added, removed or changed, or became executable or not; for files, whether they are the same. With \`--manifest\`, compares the manifests, which always differ in some fields.

The status is 1 if they differ.`,
  positionals: { before: one('ID', { complete: 'artifact' }), after: one('ID', { complete: 'artifact' }) },
  options: { manifest: flag(undefined, 'compare the manifests instead of the payloads') },
  pages: true,
  resultSchema: 'hs.diff/1',
  examples: [{ command: 'hs diff dist@{1} dist', explains: 'Show what changed since the previous version.' }],
  exits: { 1: 'they differ' },
  seeAlso: ['hs-ls-index(1)', 'hs-show(1)'],
  async run({ args, options, session, exit }) {
    const { diffArtifacts } = await import('../../src/ops/inspect/diff-artifacts.js');
    const compare = options.manifest ? 'manifest' : 'payload';
    const differences = await diffArtifacts(await session(), args.before, args.after, compare);
    if (differences.length > 0) exit(1);
    return differences;
  },
  line: (d, view) => {
    const { good, bad, warning } = view.style;
    const paint = { added: good, removed: bad, changed: warning, mode: warning, type: warning }[d.change];
    return `${paint(d.change.padEnd(WIDEST))}  ${describe(d, view)}`;
  },
});
