import { command } from '../../src/cli/command.js';
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from '../../src/cli/complete/shells.js';
import { one } from '../../src/cli/positionals.js';

/** `hs completion SHELL`. */
export const completion = command({
  name: 'completion',
  class: 'meta',
  opens: 'none',
  summary: 'print a completion script for a shell',
  description:
    'The script completes commands, options and their values, and from the store names, ids and pins. It asks hs each time, so that it need not be made again after an update.',
  streams: true,
  positionals: { shell: one('SHELL', { choices: SHELLS, summary: 'the shell to print it for' }) },
  examples: [
    { command: 'source <(hs completion bash)', explains: 'For this bash; put it in ~/.bashrc for all.' },
    {
      command: 'hs completion zsh > ~/.zfunc/_hs',
      explains: 'For zsh, where ~/.zfunc is in fpath before compinit runs.',
    },
    { command: 'hs completion fish > ~/.config/fish/completions/hs.fish', explains: 'For fish.' },
  ],
  run: async ({ args }) => COMPLETION_SCRIPTS[args.shell as Shell],
  render: (script) => script,
});
