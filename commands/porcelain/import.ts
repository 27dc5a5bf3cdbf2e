import { command } from '../../src/cli/command.js';
import { flag, integer } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import { MAX_TTL_DAYS } from '../../src/core/manifest/manifest.js';

/** `hs import`: registers the members of a bundle, which is hostile input (C3). */
export const importCommand = command({
  name: 'import',
  class: 'porcelain',
  opens: 'write',
  summary: 'import a bundle into this store',
  description: `FILE is a tar, a tar.gz, or a directory that a bundle was exported to; \`-\` reads an archive from standard input. Everything in it is verified before anything is registered, and it is registered in one commit or not at all. Ids, manifests and provenance are kept.

An artifact that already exists with the same content is left unchanged, unless the bundle classifies it higher or as not exportable; then a new revision makes it as strict here. One that exists with other content is a conflict. An artifact that was approved or frozen elsewhere is imported as ordinary work (L3). If it is sensitive and was frozen, it has no TTL, and needs \`--ttl\`; so does an artifact that only the bundle classifies as sensitive. An artifact whose TTL has expired is imported and reported; the next collection removes it.`,
  positionals: { file: one('FILE', { complete: 'file' }) },
  options: {
    nonPortable: flag(undefined, 'accept names that other systems cannot hold'),
    ttl: integer('DAYS', 'time to live in days, from creation, for sensitive artifacts without one', {
      min: 0,
      max: MAX_TTL_DAYS,
    }),
  },
  resultSchema: 'hs.import/1',
  list: 'artifacts',
  examples: [{ command: 'hs import delivery.tar', explains: 'Import a delivery.' }],
  exits: {
    5: 'something does not match its hash or the index',
    7: 'hostile input; the entry is named, and nothing was imported',
    8: 'an artifact exists with other content',
  },
  seeAlso: ['hs-bundle-verify(1)', 'hs-bundle-create(1)', 'hs-put(1)'],
  async run({ args, options, stdin, path, session, log }) {
    const { importBundle } = await import('../../src/ops/bundle/import-bundle.js');
    const { contentHash, artifacts } = await importBundle(
      await session(),
      args.file === '-' ? stdin.bytes() : path(args.file),
      compact(options),
    );
    for (const a of artifacts) {
      const id = a.artifactId.slice(0, 8);
      if (a.tightened)
        log.warn(`'${id}' existed already, and is now classified as strictly as in the bundle`);
      else if (a.present) log.note(`'${id}' existed already`);
      else if (a.demoted) log.warn(`'${id}' was approved elsewhere; it is ordinary work (L3) here`);
      if (a.ttlOver)
        log.warn(
          `the TTL of '${id}' has expired: hs gc removes it, unless hs retain ${id} --ttl DAYS or hs pin ${id} keeps it`,
        );
    }
    return {
      content_hash: contentHash,
      artifacts: artifacts.map((a) => ({
        artifact_id: a.artifactId,
        content_hash: a.contentHash,
        present: a.present,
        tightened: a.tightened,
        demoted: a.demoted,
        ttl_over: a.ttlOver,
      })),
    };
  },
  render: ({ artifacts }) => artifacts.map((a) => a.artifact_id).join('\n'),
});
