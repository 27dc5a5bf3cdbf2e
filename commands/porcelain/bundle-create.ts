import { command } from '../../src/cli/command.js';
import { flag, integer, text } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';
import { MAX_TTL_DAYS } from '../../src/core/manifest/manifest.js';
import { ATTEST, signingKey } from '../shared/attest.js';

/** `hs bundle create`: packs several artifacts into one (C1). */
export const bundleCreate = command({
  name: 'bundle create',
  class: 'porcelain',
  opens: 'write',
  summary: 'pack artifacts into one bundle',
  description: `A bundle contains the manifest and payload of each member, \`bundle_index.json\`, and \`export_report.json\`, which says what is included, what was left out, and why. Nothing is copied: a bundle is an index over existing objects. \`hs export ID --format tar\` writes it to a file that is the same, byte for byte, on every machine.

A bundle is as sensitive as its most sensitive member, is exportable only if all members are, and takes the shortest of their TTLs. If a member is high and frozen, and therefore has no TTL, \`--ttl\` is required.

With \`--attest\`, the bundle also contains, as members, signed statements of how \`hs run\` made the others (see hs-export(1)). Members that no run of this store made have none; if no member was made by a run, nothing is bundled.

Names that another system could not hold (a backslash, reserved names, names that differ only in case) are refused, unless \`--non-portable\` is given.`,
  positionals: { artifacts: some('ID', { complete: 'artifact' }) },
  options: {
    name: text('NAME', 'name of the bundle', { complete: 'name' }),
    ttl: integer('DAYS', 'time to live in days, from now; the members may shorten it', {
      min: 0,
      max: MAX_TTL_DAYS,
    }),
    ...ATTEST,
    nonPortable: flag(undefined, 'accept names that other systems cannot hold'),
  },
  resultSchema: 'hs.bundle-create/1',
  examples: [
    {
      command: 'hs bundle create report data --name delivery',
      explains: 'Create a bundle of two artifacts.',
    },
  ],
  exits: {
    3: 'a member was left out; the report in the bundle says why. If all were, the status is that of the first',
    7: 'a name is not portable',
  },
  seeAlso: ['hs-export(1)', 'hs-bundle-verify(1)', 'hs-import(1)', 'hs-proof-verify(1)'],
  async run({ args, options, path, session, log, exit }) {
    const { name, ttl, nonPortable } = options;
    const attest = signingKey(options, path);
    const { createBundle } = await import('../../src/ops/bundle/create-bundle.js');
    const done = await createBundle(await session(), args.artifacts, {
      name,
      ttl,
      nonPortable,
      ...(attest === undefined ? {} : { attest }),
    });
    for (const { artifact_id, reason } of done.leftOut)
      log.warn(`left out '${artifact_id.slice(0, 8)}': ${reason}`);
    if (done.leftOut.length > 0) exit(3);
    return {
      artifact_id: done.artifactId,
      content_hash: done.contentHash,
      members: done.members,
      size_bytes: done.sizeBytes,
      left_out: done.leftOut,
    };
  },
  render: ({ artifact_id }) => artifact_id,
});
