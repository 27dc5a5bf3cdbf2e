import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';

export const tmuxIsHere = spawnSync('tmux', ['-V']).status === 0;

export interface TmuxOptions {
  readonly columns: number;
  readonly rows: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A program in a terminal of tmux, with what the terminal was before and is after it. */
export class Tmux {
  readonly #socket: string;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#socket = join(directory, 'socket');
  }

  /** Runs the shell command `program` in a terminal; `directory` is for the files of the test. */
  static start(directory: string, program: string, options: TmuxOptions): Tmux {
    const { columns, rows, environment = {} } = options;
    const tmux = new Tmux(directory);
    const script = join(directory, 'run.sh');
    const lines = [
      // Ctrl-C before the program has the keys to itself is the program's end, not the terminal's.
      'trap : INT',
      'echo before the program',
      `stty -g > ${directory}/before`,
      program,
      'echo "status=$?"',
      `stty -g > ${directory}/after`,
      'sleep 600',
    ];
    writeFileSync(script, lines.join('\n'));
    const { PATH = '' } = process.env;
    execFileSync(
      'tmux',
      [
        '-S',
        tmux.#socket,
        '-u',
        '-f',
        '/dev/null',
        'new-session',
        '-d',
        '-x',
        `${columns}`,
        '-y',
        `${rows}`,
        `exec sh ${script}`,
      ],
      {
        env: {
          PATH,
          LANG: 'C.UTF-8',
          TERM: 'xterm-256color',
          HOME: directory,
          // Else that of the account, which is none for many that programs run under.
          SHELL: '/bin/sh',
          ...environment,
        },
      },
    );
    return tmux;
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8' });
  }

  /** Key names as tmux knows them, such as `Enter` and `C-c`; text is typed. */
  keys(...keys: string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`);
  }

  /** What is on the screen. With `colours`, with the sequences that draw it so. */
  screen(colours = false): string {
    return this.#tmux('capture-pane', '-p', ...(colours ? ['-e'] : []));
  }

  format(format: string): string {
    return this.#tmux('display-message', '-p', format).trim();
  }

  /** The process that runs in the foreground. */
  childOf(): number {
    const shell = this.format('#{pane_pid}');
    return Number(readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ')[0]);
  }

  /** The screen once `text` is on it, or is not when `gone`. */
  async until(text: string | RegExp, gone = false): Promise<string> {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const screen = this.screen();
      if ((typeof text === 'string' ? screen.includes(text) : text.test(screen)) !== gone) return screen;
      if (Date.now() > deadline)
        throw new Error(`${gone ? 'still there' : 'never came'}: ${text}\n${screen}`);
      await wait(25);
    }
  }

  /** The terminal's settings before and after the program, once it is over. */
  async settings(): Promise<{ before: string; after: string }> {
    await this.until('status=');
    const path = join(this.#directory, 'after');
    for (let i = 0; i < 200 && !(existsSync(path) && readFileSync(path, 'utf8') !== ''); i++) await wait(25);
    return {
      before: readFileSync(join(this.#directory, 'before'), 'utf8'),
      after: readFileSync(path, 'utf8'),
    };
  }

  close(): void {
    spawnSync('tmux', ['-S', this.#socket, 'kill-server']);
  }
}

/** Nothing of the preview is left: settings, screen, cursor and wrapping are as they were. */
export async function expectAsFound(terminal: Tmux): Promise<string> {
  const { before, after } = await terminal.settings();
  expect(after).toBe(before);
  expect(terminal.format('#{alternate_on} #{cursor_flag} #{wrap_flag}')).toBe('0 1 1');
  const screen = terminal.screen();
  expect(screen).toMatch(/^before the program\n/);
  return screen;
}
