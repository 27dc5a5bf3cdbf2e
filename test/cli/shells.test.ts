import { spawnSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { makeTempDirectory } from '../helpers/tmp.js';

const there = (shell: string) => spawnSync(shell, ['--version']).error === undefined;
let cwd = '';
let env: Record<string, string> = {};

beforeAll(async () => {
  const { path, remove } = await makeTempDirectory();
  await mkdir(join(path, 'bin'));
  await symlink(HS_PROGRAM, join(path, 'bin', 'hs'));
  await writeFile(join(path, 'a b.txt'), 'hello');
  cwd = path;
  env = await hsEnvironment({ PATH: `${path}/bin:${process.env.PATH}`, TERM: 'dumb' });
  await hs(['init'], { cwd });
  await hs(['put', 'a b.txt', '--name', 'odd name:1', '--pin', 'release'], { cwd });
  return remove;
});

function shell(program: string, args: readonly string[], script: string): string {
  const { stdout, stderr, status } = spawnSync(program, [...args, script], { cwd, env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trimEnd();
}

/** What stands on the line after TAB, for the words that a person has typed. */
const CASES: readonly (readonly [typed: string, completed: string])[] = [
  ['hs ledg', 'ledger'],
  ['hs ledger ve', 'verify'],
  ['hs put --exclude-f', '--exclude-from'],
  ['hs put --kind tr', 'transcript'],
  ['hs show odd', 'odd name:1'],
  ['hs put a', 'a b.txt'],
];

describe.skipIf(!there('bash'))('bash (needs bash)', () => {
  /** Calls the function as readline would, with the line split at its word breaks. */
  const complete = (line: string) => {
    const words: string[] = [...(line.match(/[^\s=:]+|[=:]+/g) ?? [])];
    if (/\s$/.test(line)) words.push('');
    const quoted = words.map((w) => `'${w}'`).join(' ');
    return shell(
      'bash',
      ['--noprofile', '--norc', '-c'],
      `compopt() { :; }; source <(hs completion bash)
       COMP_LINE='${line}' COMP_POINT=${line.length} COMP_WORDS=(${quoted}) COMP_CWORD=${words.length - 1}
       _hs; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
  };

  it.each(CASES)('completes %j', (typed, completed) => {
    expect(complete(typed).replaceAll('\\', '')).toBe(completed);
  });

  it('completes after an equals sign, which it treats as a separate word', () => {
    expect(complete('hs put --kind=tr')).toBe('transcript');
    expect(complete('hs put --layer=').split('\n')).toEqual(['L3', 'L4']);
  });

  it('quotes a name that the shell would split', () => {
    expect(complete('hs show odd')).toBe('odd\\ name:1');
  });
});

describe.skipIf(!there('fish'))('fish (needs fish)', () => {
  const complete = (line: string) =>
    shell('fish', ['--no-config', '-c'], `hs completion fish | source; complete -C '${line}'`);

  it.each(CASES)('completes %j', (typed, completed) => {
    expect(complete(typed).split('\t')[0]).toBe(completed);
  });
});

describe.skipIf(!there('zsh'))('zsh (needs zsh)', () => {
  it('completes all of them on a terminal', { timeout: 60_000 }, () => {
    const script = `
      zmodload zsh/zpty
      zpty z 'zsh -f -i'
      zpty -w z 'PS1=; unsetopt zle_bracketed_paste 2>/dev/null; autoload -Uz compinit; compinit -u -D; source <(hs completion zsh); print rea""dy'
      zpty -r z o '*ready*'
      for line in "$@"; do
        # The completed line is printed by a widget, so that nothing depends on how it is drawn.
        zpty -w z 'show() { print -r -- "<''<$BUFFER>''>"; BUFFER=; zle accept-line }; zle -N show; bindkey "^X" show; print o""k'
        zpty -r z o '*ok*'
        zpty -n -w z "$line"$'\\t'$'\\C-x'
        zpty -r z o '*<<*>>*'
        o=\${o##*<<}; print -r -- "\${o%%>>*}"
      done
      zpty -d z`;
    const { stdout } = spawnSync('zsh', ['-f', '-c', script, 'zsh', ...CASES.map(([typed]) => typed)], {
      cwd,
      env,
      encoding: 'utf8',
      timeout: 50_000,
    });
    const expected = CASES.map(([typed, completed]) => typed.replace(/\S+$/, completed));
    expect(stdout.trimEnd().replaceAll('\\', '').split(/ *\n/)).toEqual(expected);
  });
});
