import { command } from '../../src/cli/command.js';
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from '../../src/cli/complete/shells.js';
import { one } from '../../src/cli/positionals.js';

/** `hs completion SHELL`. */
export const completion = command({
  name: 'completion',
  class: 'meta',
  opens: 'none',
  summary: 'print a completion script for a shell',
  description: `The script completes commands, options and their values, and names, ids and pins from the store. It asks hs each time, so it stays valid after an update.`,
  streams: true,
  positionals: { shell: one('SHELL', { choices: SHELLS, summary: 'the shell that will read it' }) },
  examples: [
    {
      command: 'source <(hs completion bash)',
      explains: 'Enable it in this bash; add the line to ~/.bashrc to keep it.',
    },
    {
      command: 'hs completion zsh > ~/.zfunc/_hs',
      explains: 'Install it for zsh, if ~/.zfunc is in fpath before compinit runs.',
    },
    { command: 'hs completion fish > ~/.config/fish/completions/hs.fish', explains: 'Install it for fish.' },
  ],
  run: async ({ args }) => COMPLETION_SCRIPTS[args.shell as Shell],
  render: (script) => script,
});
