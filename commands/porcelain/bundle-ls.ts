import { listing } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';
import { labelOf } from '../../src/core/manifest/label-of.js';
import { humanSize } from '../../src/core/text/human.js';

/** `hs bundle ls`: verifies a bundle and lists its members. */
export const bundleLs = listing({
  name: 'bundle ls',
  class: 'porcelain',
  opens: 'none',
  summary: 'list the members of a bundle',
  description: `FILE is a bundle as for hs-bundle-verify(1), which verifies it before anything is listed.`,
  positionals: { file: one('FILE', { complete: 'file' }) },
  options: { nonPortable: flag(undefined, 'accept names that other systems cannot hold') },
  resultSchema: 'hs.bundle-ls/1',
  examples: [{ command: 'hs bundle ls delivery.tar', explains: 'List what a delivery contains.' }],
  exits: { 5: 'something does not match its hash or the index', 7: 'hostile input; the entry is named' },
  seeAlso: ['hs-bundle-verify(1)', 'hs-import(1)'],
  async run({ args, options, stdin, path, disk, signal }) {
    const { verifyBundle } = await import('../../src/ops/bundle/verify-bundle.js');
    const { members } = await verifyBundle(
      await disk(),
      args.file === '-' ? stdin.bytes() : path(args.file),
      { ...options, signal },
    );
    return members.map(({ manifest: m, files }) => ({
      artifact_id: m.artifact_id,
      kind: m.kind,
      payload_type: m.payload_type,
      content_hash: m.content_hash,
      size_bytes: m.size_bytes,
      files: files.length,
      classification: m.classification,
      exportable: m.exportable,
      ...(m.name === undefined ? {} : { name: m.name }),
      ...(m.filename_hint === undefined ? {} : { filename_hint: m.filename_hint }),
    }));
  },
  line: (m, view) =>
    [m.artifact_id, m.kind, humanSize(m.size_bytes), m.classification, view.text(labelOf(m))].join('  '),
});
