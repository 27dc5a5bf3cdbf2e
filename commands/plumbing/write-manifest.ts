import { command } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { maybe } from '../../src/cli/positionals.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { WrittenManifest } from '../../src/ops/put/write-manifest.js';
import { BATCH_RULES, MANIFEST_LINES, readLines, refuseBesides } from '../shared/manifest-lines.js';

/** `hs write-manifest`: registers an artifact whose payload is already in the store. */
export const writeManifestCommand = command({
  name: 'write-manifest',
  class: 'plumbing',
  opens: 'write',
  summary: 'register an artifact from a manifest',
  description: `Reads a manifest as JSON, fills in defaults, checks it, registers the artifact and prints its id. \`content_hash\` is required, and the payload must be in the store (\`hs hash-object -w\`, \`hs write-index\`). The defaults are those of \`hs put\`: a new id, kind \`file\`, layer \`L3\`, classification \`low\`, and the size of the payload.

An unknown or duplicate field is an error. Without artifact.read:restricted, you cannot register bytes that a restricted artifact uses.

With \`--manifest-lines\`, each line is such a manifest, and the ids are printed in their order. Besides the fields of a manifest, a line may have \`sources\`, a list of IDs that become \`source_artifact_refs\`, and a \`ref\` by which later lines name its artifact there: \`ref:REF\`. ${BATCH_RULES}`,
  positionals: { file: maybe('FILE', { complete: 'file' }) },
  options: {
    stdin: flag(undefined, 'read the manifest from standard input'),
    manifestLines: MANIFEST_LINES,
  },
  resultSchema: 'hs.write-manifest/1',
  list: 'results',
  examples: [
    {
      command: `printf '{"content_hash":"%s","name":"notes"}' "$(hs hash-object -w notes.txt)" | hs write-manifest --stdin`,
      explains: 'Store a file with plumbing commands.',
    },
    {
      command: `hs hash-object -w --stdin-paths < files.txt | sed 's/.*/{"content_hash":"&"}/' | hs write-manifest --manifest-lines -`,
      explains: 'Register many in one commit.',
    },
  ],
  exits: {
    5: 'the invalid manifest, or the payload is missing',
    8: 'an artifact with that id exists',
  },
  seeAlso: ['hs-check-manifest(1)', 'hs-hash-object(1)', 'hs-write-index(1)', 'hs-put(1)'],
  async run(context): Promise<Partial<WrittenManifest> & { readonly results: readonly WrittenManifest[] }> {
    const { args, options, session, stdin } = context;
    if (options.manifestLines !== undefined) {
      refuseBesides('--manifest-lines', { FILE: args.file !== undefined, "'--stdin'": options.stdin });
      const { manifestLine } = await import('../../src/core/manifest/batch-schemas.js');
      const { writeManifests } = await import('../../src/ops/put/write-manifest.js');
      const lines = await readLines(context, options.manifestLines, manifestLine, 'INVALID_MANIFEST');
      const results = await writeManifests(
        await session(),
        lines.map(({ line, value: { ref, sources, ...given } }) => compact({ line, ref, sources, given })),
      );
      return { results };
    }
    if (options.stdin === (args.file !== undefined)) {
      throw new HsError('USAGE', 'give the manifest as FILE, or with --stdin');
    }
    const { manifestStream, parseManifest } = await import('../../src/ops/put/manifest-input.js');
    const { writeManifest } = await import('../../src/ops/put/write-manifest.js');
    const { typedChunks } = await import('../../src/cli/io/typed-file.js');
    const bytes = await manifestStream(options.stdin ? stdin.bytes() : typedChunks(context, args.file!));
    const written = await writeManifest(await session(), parseManifest(bytes));
    return { ...written, results: [written] };
  },
  render: (done) => done.results.map((d) => d.artifact_id),
});
