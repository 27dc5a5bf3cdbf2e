import { listing } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';

/** `hs scan`: searches payloads for secrets (I6). */
export const scan = listing({
  name: 'scan',
  class: 'porcelain',
  opens: 'read',
  verdict: true,
  summary: 'search payloads for secrets',
  description: `Searches every file of the artifacts for strings that look like credentials: private keys, tokens of common services, passwords in URLs, and random-looking values assigned to names such as password or api_key. With --personal, also searches for e-mail addresses, telephone numbers and absolute paths. Prints where each was found and which detector found it, never the secret. The status is 1 if anything was found.

The same detectors check text that is about to be kept for ever: names, labels, reasons, notes, recorded arguments, policies, the actor and the job, the names of files that are put, where an export goes and which files it writes. A finding is a warning, or a refusal if the policy says so (secrets.on_detect), before anything is written or removed; the record of that leaves the secret out. What has already happened is recorded with a warning: outputs of a run, damage and its repair. The names of files in a directory are checked when it is exported. hs-promote(1) also checks the payload. A scan finds only secrets of a known form; it proves nothing.`,
  nul: true,
  positionals: { ids: some('ID', { complete: 'artifact' }) },
  options: { personal: flag(undefined, 'also search for e-mail addresses, telephone numbers and paths') },
  resultSchema: 'hs.scan/1',
  examples: [{ command: 'hs scan dist', explains: 'Scan a directory before exporting it.' }],
  exits: { 1: 'something was found', 6: 'reading an artifact was refused' },
  seeAlso: ['hs-export(1)', 'hs-reclassify(1)', 'hs-promote(1)', 'hs-policy(1)'],
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
