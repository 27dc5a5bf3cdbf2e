import { command } from '../../src/cli/command.js';
import { afterDashes } from '../../src/cli/positionals.js';

/** `hs __complete -- WORD...`: called by the completion scripts. Prints no errors. */
export const complete = command({
  name: '__complete',
  class: 'meta',
  opens: 'optional',
  summary: 'print completions for the last word',
  hidden: true,
  positionals: { words: afterDashes('WORD') },
  async run({ args, table, session }) {
    const { candidates } = await import('../../src/cli/complete/candidates.js');
    const catalog = async () => {
      try {
        return await (await session({ writes: false })).catalog();
      } catch {
        return undefined;
      }
    };
    const found = await candidates({ table, catalog }, args.words);
    return [found.shell, ...found.words.map((w) => `${w.word}\t${w.meaning}`)].join('\n');
  },
  render: (text) => text,
});
