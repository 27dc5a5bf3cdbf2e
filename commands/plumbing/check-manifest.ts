import { command } from '../../src/cli/command.js';
import { maybe } from '../../src/cli/positionals.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs check-manifest`: lists every reason why a manifest is invalid. Needs no store. */
export const checkManifestCommand = command({
  name: 'check-manifest',
  class: 'plumbing',
  opens: 'none',
  verdict: true,
  summary: 'check whether a manifest is valid',
  description: `Reads a manifest from FILE, or from standard input, and prints "valid", or one problem per line. It also says whether the manifest is in canonical form, the form that is hashed; a manifest written by hand need not be. No store is opened, so whether the payload exists is not checked.`,
  positionals: { file: maybe('FILE', { complete: 'file' }) },
  resultSchema: 'hs.check-manifest/1',
  examples: [
    {
      command: 'hs cat-artifact --manifest report | hs check-manifest',
      explains: 'Check a stored manifest.',
    },
  ],
  exits: { 5: 'the invalid manifest' },
  seeAlso: ['hs-write-manifest(1)'],
  async run(context) {
    const { args, stdin, exit } = context;
    const { typedChunks } = await import('../../src/cli/io/typed-file.js');
    const { manifestStream } = await import('../../src/ops/put/manifest-input.js');
    const { checkManifest } = await import('../../src/ops/put/check-manifest.js');
    const fromStdin = args.file === undefined || args.file === '-';
    const bytes = await manifestStream(fromStdin ? stdin.bytes() : typedChunks(context, args.file));
    const verdict = checkManifest(bytes);
    if (!verdict.valid) exit(new HsError('INVALID_MANIFEST', '').exitStatus);
    return verdict;
  },
  render: ({ valid, canonical, problems }, view) =>
    valid
      ? `valid${canonical ? '' : ', not in canonical form'}`
      : problems.map((p) => `${view.style.bad('not valid')}: ${view.text(p)}`).join('\n'),
});
