import { command } from '../../src/cli/command.js';
import { choice, flag, integer } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import { MAX_TTL_DAYS } from '../../src/core/manifest/manifest.js';
import { HsError } from '../../src/errors/hs-error.js';
import { bringInWorkspace } from '../shared/import-workspace.js';
import { importedRow, tellImported } from '../shared/imported.js';

/** `hs import`: registers the members of a bundle or a workspace, which are hostile input (C3). */
export const importCommand = command({
  name: 'import',
  class: 'porcelain',
  opens: 'write',
  summary: 'import a bundle, an OCI image layout or a workspace into this store',
  synopsis: ['hs import FILE', 'hs import --format oci DIR', 'hs import --format handshake DIR'],
  description: `FILE is a tar, a tar.gz, or a directory that a bundle was exported to; \`-\` reads an archive from standard input. Everything in it is verified before anything is registered, and it is registered in one commit or not at all. Ids, manifests and provenance are kept.

An artifact that already exists with the same content is left unchanged, unless the bundle classifies it higher or as not exportable; then a new revision makes it as strict here. One that exists with other content is a conflict. An artifact that was approved or frozen elsewhere is imported as ordinary work (L3). If it is sensitive and was frozen, it has no TTL, and needs \`--ttl\`. An artifact that exists keeps its TTL; if it has none and becomes sensitive, it gets that of \`--ttl\`, or else the incoming one, but at least the time that the policy of this store keeps such an artifact. An artifact whose TTL has expired is imported and reported; the next collection removes it.

With \`--format oci\`, DIR is an OCI image layout that \`hs export --format oci\` wrote, or that \`skopeo copy docker://REGISTRY/NAME oci:DIR\` fetched. Each of its images must be an artifact of hs. Every digest and size, each manifest and each content hash is verified, and the rules above apply. Blobs that no image names are ignored.

With \`--format handshake\`, DIR is a workspace of handshake_core. The artifacts in its \`.handshake/artifacts\` are imported under their own ids, with payload, entities, sources, job, TTL, and pin (named 'handshake'). Each payload is compared with the hash that its manifest states. For a file, that is the hash of its bytes; for a directory, the hash of the old index (bundle_index_v1 or dir_index_v1) or of an index as hs writes it, without the paths in hash_exclude_paths; hs reports which one matched. The stated hash is kept in the provenance, and the layer in the label hs.import.layer; an artifact that was approved or frozen becomes ordinary work (L3).

Sound artifacts are registered in one commit. An artifact with a serious fault (a hash that does not match, an invalid field, a link, an id that exists here with other content) is not imported, and is reported as an error. Lesser faults, such as a missing source, are warnings. The artifact 'import-report' lists every fault and keeps every original artifact.json; it is as sensitive as the artifacts it names. Where two classifications differ, the stricter one wins. Importing the same workspace again changes nothing. \`--dry-run\` reads and compares everything, and changes nothing.`,
  positionals: { file: one('FILE', { complete: 'file' }) },
  options: {
    format: choice(['bundle', 'oci', 'handshake'], 'FORMAT', 'what to import (default: bundle)'),
    dryRun: flag('n', 'with --format handshake: list what would be imported, and change nothing'),
    nonPortable: flag(undefined, 'accept names that other systems cannot hold'),
    ttl: integer('DAYS', 'time to live in days, from creation, for sensitive artifacts without one', {
      min: 0,
      max: MAX_TTL_DAYS,
    }),
  },
  resultSchema: 'hs.import/1',
  list: 'artifacts',
  examples: [
    { command: 'hs import delivery.tar', explains: 'Import a delivery.' },
    { command: 'hs import --format oci layout', explains: 'Import what skopeo fetched from a registry.' },
    {
      command: 'hs import --format handshake --dry-run ~/project',
      explains: 'List what an old workspace holds, and what is wrong with it.',
    },
  ],
  exits: {
    3: 'some artifacts of a workspace were not imported; each was reported',
    5: 'something does not match its hash or the index',
    7: 'hostile input; the entry is named, and nothing was imported',
    8: 'an artifact exists with other content',
  },
  seeAlso: ['hs-bundle-verify(1)', 'hs-bundle-create(1)', 'hs-put(1)'],
  async run(context) {
    const { args, options, stdin, path, session, log } = context;
    const { format, dryRun, ...bundleOptions } = options;
    if (format === 'handshake') {
      if (args.file === '-' || options.nonPortable)
        throw new HsError('USAGE', "a workspace is a directory; '-' and '--non-portable' are for bundles");
      return bringInWorkspace(context, { path: path(args.file), dryRun, ttl: options.ttl });
    }
    if (dryRun) {
      throw new HsError('USAGE', "'--dry-run' goes with '--format handshake'", {
        hint: 'hs bundle verify checks a bundle without importing it',
      });
    }
    const isLayout = format === 'oci';
    if (isLayout && args.file === '-') throw new HsError('USAGE', "a layout is a directory, not '-'");
    const given = compact(bundleOptions);
    const s = await session();
    const { contentHash, artifacts } = isLayout
      ? await (await import('../../src/ops/bundle/import-oci.js')).importLayout(s, path(args.file), given)
      : await (await import('../../src/ops/bundle/import-bundle.js')).importBundle(
          s,
          args.file === '-' ? stdin.bytes() : path(args.file),
          given,
        );
    for (const a of artifacts) tellImported(a, isLayout ? 'layout' : 'bundle', log);
    return {
      content_hash: contentHash,
      ...(isLayout ? { format } : {}),
      artifacts: artifacts.map(importedRow),
    };
  },
  render: ({ artifacts }) => artifacts.map((a) => a.artifact_id).join('\n'),
});
