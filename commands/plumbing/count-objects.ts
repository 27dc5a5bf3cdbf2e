import { command } from '../../src/cli/command.js';

/** `hs count-objects`: counts what is in the store, by listing it. */
export const countObjectsCommand = command({
  name: 'count-objects',
  class: 'plumbing',
  opens: 'read',
  summary: 'count objects and their disk usage',
  description: `Lists the directories of the store and prints one "name value" per line, with sizes in bytes. Nothing is hashed; hs-fsck(1) does that.`,
  resultSchema: 'hs.count-objects/1',
  examples: [{ command: 'hs count-objects', explains: 'Count the objects of the store.' }],
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
