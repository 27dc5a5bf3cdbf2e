import { command } from '../../src/cli/command.js';
import { flag, integer, text } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';
import { MAX_TTL_DAYS } from '../../src/core/manifest/manifest.js';
import { ATTEST, signingKey } from '../shared/attest.js';

/** `hs bundle create`: several artifacts as one (C1). */
export const bundleCreate = command({
  name: 'bundle create',
  class: 'porcelain',
  opens: 'write',
  summary: 'gather artifacts into one bundle artifact',
  description: `A bundle holds each member's manifest and payload, \`bundle_index.json\`, and \`export_report.json\`, which says what is in and what was left out and why. Nothing is copied: it is an index over objects that are there. \`hs export ID --format tar\` then makes a file of it that is the same bytes on every machine.

It is as sensitive as its most sensitive member, may leave the store only if all of them may, and takes the shortest of their TTLs. One of what is high and frozen, and so has no TTL, needs \`--ttl\`.

With \`--attest\` the bundle also holds, as members, signed statements of how \`hs run\` made the others: see hs-export(1). Those that no run of this store made are bundled without one; where none was made by a run, nothing is bundled.

Names that another system could not hold (a backslash, reserved names, upper and lower case that collide) are refused, unless \`--non-portable\` is given.`,
  positionals: { artifacts: some('ID', { complete: 'artifact' }) },
  options: {
    name: text('NAME', 'name the bundle', { complete: 'name' }),
    ttl: integer('DAYS', 'days it may be kept, from now, where its members do not say fewer', {
      min: 0,
      max: MAX_TTL_DAYS,
    }),
    ...ATTEST,
    nonPortable: flag(undefined, 'take names that other systems cannot hold'),
  },
  resultSchema: 'hs.bundle-create/1',
  examples: [
    { command: 'hs bundle create report data --name delivery', explains: 'Make a bundle of two artifacts.' },
  ],
  exits: {
    3: 'a member was left out; the report in the bundle says why; where all were, the status is that of the first',
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
