import { listing } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';

/** `hs scan`: what in a payload looks like a secret (I6). */
export const scan = listing({
  name: 'scan',
  class: 'porcelain',
  opens: 'read',
  verdict: true,
  summary: 'look for secrets in payloads',
  description: `Looks in every file of the artifacts for what has the form of a credential: private keys, tokens of the usual services, passwords in URLs, and values that are assigned to a name such as password or api_key and look random. With --personal, also for e-mail addresses, telephone numbers and absolute paths. Prints where, and which detector found it; never the secret. The status is 1 when anything was found.

The same detectors look at what is about to enter the ledger for ever, such as the reason of a pin, and warn. What has no known form is not found: this is a net, and no proof.`,
  nul: true,
  positionals: { ids: some('ID', { complete: 'artifact' }) },
  options: { personal: flag(undefined, 'look for e-mail addresses, telephone numbers and paths, too') },
  resultSchema: 'hs.scan/1',
  examples: [{ command: 'hs scan dist', explains: 'Look before it is exported.' }],
  exits: { 1: 'something was found', 6: 'reading it is refused' },
  seeAlso: ['hs-export(1)', 'hs-reclassify(1)'],
  async *run({ args, options, session, exit }) {
    const { scanArtifacts } = await import('../../src/ops/evidence/scan.js');
    const kinds = options.personal ? (['credential', 'personal'] as const) : (['credential'] as const);
    for await (const row of scanArtifacts(await session(), args.ids, kinds)) {
      exit(1);
      yield row;
    }
  },
  line: ({ artifact_id, path, line, column, detector }, { text }) =>
    `${artifact_id.slice(0, 8)}:${path === undefined ? '' : `${text(path)}:`}${line}:${column}: ${detector}`,
});
