import { command } from '../../src/cli/command.js';
import { many } from '../../src/cli/positionals.js';

/** `hs help [COMMAND]`, and what `hs` and `hs COMMAND --help` show. */
export const help = command({
  name: 'help',
  class: 'meta',
  opens: 'none',
  summary: 'show how hs and its commands are used',
  description: `Without a COMMAND, lists all of them. \`hs COMMAND --help\` shows the same as \`hs help COMMAND\`; the manual page, \`man hs-COMMAND\`, says more.`,
  positionals: { words: many('COMMAND', { complete: 'command' }) },
  examples: [
    { command: 'hs help', explains: 'List the commands.' },
    { command: 'hs help put', explains: 'Show the usage, options and examples of one.' },
  ],
  async run({ table, args, view }) {
    const { helpText } = await import('../../src/cli/help/help.js');
    return helpText(table, args.words, view);
  },
  render: (text) => text,
});
