import { command } from '../../src/cli/command.js';

/** `hs count-objects`: what lies in the store, by listing it. */
export const countObjectsCommand = command({
  name: 'count-objects',
  class: 'plumbing',
  opens: 'read',
  summary: 'count the objects of the store, and what is in its trash',
  description:
    'Lists the directories of the store, and hashes nothing: hs-fsck(1) does. One "name value" a line; sizes in bytes.',
  resultSchema: 'hs.count-objects/1',
  examples: [{ command: 'hs count-objects', explains: 'See how many objects there are.' }],
  seeAlso: ['hs-du(1)', 'hs-fsck(1)'],
  async run({ session }) {
    const { countObjects } = await import('../../src/ops/inspect/count-objects.js');
    return countObjects(await session());
  },
  render: (counts) =>
    Object.entries(counts)
      .map(([name, value]) => `${name} ${value}`)
      .join('\n'),
});
