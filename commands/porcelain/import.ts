import { command } from '../../src/cli/command.js';
import { flag, integer } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import { MAX_TTL_DAYS } from '../../src/core/manifest/manifest.js';

/** `hs import`: a bundle from elsewhere, as hostile input (C3). */
export const importCommand = command({
  name: 'import',
  class: 'porcelain',
  opens: 'write',
  summary: 'bring the artifacts of a bundle into this store',
  description: `FILE is a tar, a tar.gz, or a directory that a bundle was exported to; \`-\` reads an archive from standard input. Everything in it is checked against its bytes before anything is registered, and it is registered in one commit or not at all. Ids, manifests and provenance are kept.

An artifact that is here already with the same content is left as it is, unless the bundle classifies it higher or says that it must not leave: then that holds here too, by a new revision. One with other content is a conflict. What was approved or frozen elsewhere comes in as ordinary work; if it is sensitive and was frozen, it has no time to live, needs one here, and takes it from \`--ttl\`; so does what is sensitive only by the bundle. What is over its time to live already comes in and is named: the next collection takes it.`,
  positionals: { file: one('FILE', { complete: 'file' }) },
  options: {
    nonPortable: flag(undefined, 'take names that other systems cannot hold'),
    ttl: integer('DAYS', 'days it may be kept, from its creation: for what is sensitive and brings no TTL', {
      min: 0,
      max: MAX_TTL_DAYS,
    }),
  },
  resultSchema: 'hs.import/1',
  list: 'artifacts',
  examples: [{ command: 'hs import delivery.tar', explains: 'Bring in what was delivered.' }],
  exits: {
    5: 'something does not match its hash, or the index',
    7: 'hostile: the entry is named, and nothing was taken',
    8: 'an id is here already with other content',
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
        log.warn(`'${id}' was here already, and is now as strictly classified as the bundle says`);
      else if (a.present) log.note(`'${id}' was here already`);
      else if (a.demoted) log.warn(`'${id}' was approved elsewhere; here it is ordinary work (L3)`);
      if (a.ttlOver)
        log.warn(
          `'${id}' is over its time to live already: hs gc takes it, unless hs retain ${id} --ttl DAYS or hs pin ${id} keeps it`,
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
