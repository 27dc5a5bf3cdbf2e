import { command } from '../../src/cli/command.js';
import { many } from '../../src/cli/positionals.js';

/** `hs help [COMMAND]`, which `hs` and `hs COMMAND --help` show too. */
export const help = command({
  name: 'help',
  class: 'meta',
  opens: 'none',
  summary: 'show help for hs and its commands',
  description: `Without a COMMAND, lists all commands, and the subjects that have a manual page; \`hs help SUBJECT\` names it. \`hs COMMAND --help\` shows the same as \`hs help COMMAND\`; the manual page, \`man hs-COMMAND\`, says more.`,
  positionals: { words: many('COMMAND', { complete: 'command' }) },
  examples: [
    { command: 'hs help', explains: 'List the commands.' },
    { command: 'hs help retention', explains: 'Show where the rules of retention are described.' },
    { command: 'hs help put', explains: 'Show usage, options and examples of hs put.' },
  ],
  async run({ table, args, view }) {
    const { helpText } = await import('../../src/cli/help/help.js');
    return helpText(table, args.words, view);
  },
  render: (text) => text,
});
