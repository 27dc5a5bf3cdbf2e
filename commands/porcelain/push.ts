import { listing } from '../../src/cli/command.js';
import {
  ARTIFACTS_AND_STORE,
  TRANSFER,
  TRANSFER_EXITS,
  TRANSFER_TERMS,
  transferRows,
} from '../shared/transfer.js';

/** `hs push`: copy artifacts from this store to another (H5). */
export const push = listing({
  name: 'push',
  class: 'porcelain',
  opens: 'write',
  summary: 'copy artifacts from this store to another',
  synopsis: ['hs push ID... STORE', 'hs push --all STORE'],
  description: `Copies artifacts to the store STORE, which is named as after \`--store\`: a directory that holds a store, or the URL of one. Prints the id of each artifact that was copied.

${TRANSFER_TERMS}`,
  positionals: ARTIFACTS_AND_STORE,
  options: TRANSFER,
  resultSchema: 'hs.push/1',
  examples: [
    { command: 'hs push nightly /srv/hs', explains: 'Copy an artifact to a store that others use.' },
    { command: 'hs push --all --dry-run /srv/hs', explains: 'List what that store lacks.' },
  ],
  exits: TRANSFER_EXITS,
  seeAlso: ['hs-pull(1)', 'hs-export(1)', 'hs-import(1)', 'hs-policy-show(1)'],
  run: (context) => transferRows(context, 'push'),
  line: ({ artifact_id }) => artifact_id,
});
