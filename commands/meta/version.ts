import { command } from '../../src/cli/command.js';

/** `hs version`. */
export const version = command({
  name: 'version',
  class: 'meta',
  opens: 'none',
  summary: 'print the version of hs',
  resultSchema: 'hs.version/1',
  examples: [{ command: 'hs version', explains: 'Print the version.' }],
  run: async ({ host }) => ({ version: host.version, node: process.versions.node }),
  render: ({ version }) => `hs ${version}`,
});
