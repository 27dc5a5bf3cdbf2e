import { listing } from '../../src/cli/command.js';
import {
  ARTIFACTS_AND_STORE,
  TRANSFER,
  TRANSFER_EXITS,
  TRANSFER_TERMS,
  transferRows,
} from '../shared/transfer.js';

/** `hs pull`: copy artifacts from another store to this one (H5). */
export const pull = listing({
  name: 'pull',
  class: 'porcelain',
  opens: 'write',
  summary: 'copy artifacts from another store to this one',
  synopsis: ['hs pull ID... STORE', 'hs pull --all STORE'],
  description: `Copies artifacts from the store STORE, which is named as after \`--store\`, to this one. IDs are resolved in STORE. STORE must be writable, since it records what leaves it. Prints the id of each artifact that was copied.

${TRANSFER_TERMS}`,
  positionals: ARTIFACTS_AND_STORE,
  options: TRANSFER,
  resultSchema: 'hs.pull/1',
  examples: [
    { command: 'hs pull nightly /srv/hs', explains: 'Fetch an artifact from a store that others use.' },
    { command: 'hs pull --all /srv/hs', explains: 'Fetch everything that is missing here.' },
  ],
  exits: TRANSFER_EXITS,
  seeAlso: ['hs-push(1)', 'hs-export(1)', 'hs-import(1)', 'hs-policy-show(1)'],
  run: (context) => transferRows(context, 'pull'),
  line: ({ artifact_id }) => artifact_id,
});
