import { command } from '../../src/cli/command.js';
import { many } from '../../src/cli/positionals.js';

/** `hs help [COMMAND]`. */
export const help = command({
  name: 'help',
  class: 'meta',
  opens: 'none',
  summary: 'show how hs and its commands are used',
  positionals: { words: many('COMMAND', { complete: 'command' }) },
  async run({ table, args }) {
    const { helpText } = await import('../../src/cli/help/help.js');
    return helpText(table, args.words);
  },
  render: (text) => text,
});
