import { command } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';
import { counted } from '../../src/core/text/human.js';

/** `hs bundle verify`: checks a bundle against its own index; needs no store (C3). */
export const bundleVerify = command({
  name: 'bundle verify',
  class: 'porcelain',
  opens: 'none',
  verdict: true,
  summary: 'verify a bundle without a store',
  description: `FILE is a tar, a tar.gz, or a directory that a bundle was exported to; \`-\` reads an archive from standard input. Every byte is hashed and compared with the manifests and the index. Anything that does not belong in a bundle is an error.

Of a debug bundle (see hs-bundle-debug(1)), its documents are checked too: the required ones exist and match their schemas, the ids and hashes they name exist, no detector of hs-scan(1) finds anything if the mode forbids it, and missing evidence is accounted for (VAL-BUNDLE-001).`,
  positionals: { file: one('FILE', { complete: 'file' }) },
  options: { nonPortable: flag(undefined, 'accept names that other systems cannot hold') },
  resultSchema: 'hs.bundle-verify/1',
  examples: [{ command: 'hs bundle verify delivery.tar', explains: 'Verify a delivery.' }],
  exits: {
    5: 'something does not match its hash or the index, or a document fails its check',
    7: 'hostile input; the entry is named',
  },
  seeAlso: ['hs-bundle-create(1)', 'hs-bundle-ls(1)', 'hs-import(1)'],
  async run({ args, options, stdin, path, disk, exit, progress, signal }) {
    const { verifyBundle } = await import('../../src/ops/bundle/verify-bundle.js');
    const bundle = await verifyBundle(
      await disk(),
      args.file === '-' ? stdin.bytes() : path(args.file),
      { ...options, signal },
      progress,
    );
    const { debug } = bundle;
    if (debug?.findings.some((f) => f.severity === 'error')) exit(5);
    return {
      content_hash: bundle.contentHash,
      members: bundle.members.length,
      files: bundle.index.length,
      size_bytes: bundle.index.reduce((sum, e) => sum + e.size_bytes, 0),
      left_out: bundle.report.left_out,
      ...(debug === undefined
        ? {}
        : { debug: { mode: debug.mode, findings: debug.findings.map((f) => ({ ...f })) } }),
    };
  },
  render({ members, files, content_hash, debug }, view) {
    const findings = (debug?.findings ?? []).map(
      ({ code, file, message }) =>
        `${code}: ${file === undefined ? '' : `${view.text(file)}: `}${view.text(message)}`,
    );
    const kind = debug === undefined ? '' : `, debug bundle (${debug.mode ?? 'unknown mode'})`;
    const counts = `${counted(members, 'member')}, ${counted(files, 'file')}${kind}`;
    if (findings.length > 0)
      return [`${content_hash}  ${counts}: ${counted(findings.length, 'problem')}`, ...findings];
    return view.quiet ? undefined : `${content_hash}  whole: ${counts}`;
  },
});
