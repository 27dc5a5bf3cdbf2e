import type { Readable } from 'node:stream';
import { standardInput, systemClock, systemEnvironment, systemRandom } from '../fsx/system-effects.js';
import { terminalWatch } from '../fsx/terminal-hangup.js';
import { isTerminal } from '../fsx/terminals.js';
import { demandArguments } from '../fsx/utf8-input.js';
import type { Host } from './host.js';
import { VERSION } from './version.js';

const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];

/** Most shells send SIGHUP; for those that do not, polling is fast enough. */
const HANG_UP_LOOK_MS = 1000;

interface ProcessEnds {
  /**
   * Calls `handler` with an uncaught error, or if the program ends without calling `leave`, and exits with the returned
   * status.
   */
  onCrash(handler: (e: unknown) => number): void;
  leave(status: number): void;
}

/** The real process. */
export function processHost(): Host & ProcessEnds {
  let stdin: Readable | undefined;
  let errors: NodeJS.WriteStream | undefined;
  const argv = process.argv.slice(2);
  const isHungUp = terminalWatch();
  process.on('exit', () => {
    // On exit Node restores terminals, and aborts if one is gone.
    if (isHungUp()) endByHangup();
  });
  return {
    argv,
    demandArguments: () => demandArguments(argv),
    environment: systemEnvironment(),
    clock: systemClock(),
    random: systemRandom(),
    get stdin() {
      stdin ??= standardInput();
      return stdin;
    },
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      // If the reader of standard error has gone, nobody can be told.
      errors ??= process.stderr.on('error', () => {});
      return errors;
    },
    isTerminal: (stream) => isTerminal({ stdin: 0, stdout: 1, stderr: 2 }[stream]),
    async onReaderGone(gone) {
      const { whenReaderGoes } = await import('../fsx/pipe-closed.js');
      const unwatch = await whenReaderGoes(1, gone);
      const timer = setInterval(() => isHungUp() && gone(), HANG_UP_LOOK_MS);
      return () => {
        clearInterval(timer);
        unwatch();
      };
    },
    async startPager(asked) {
      const { startPager } = await import('../fsx/pager-process.js');
      return startPager(asked, process.env);
    },
    async editFile(editor, path) {
      const { editFile } = await import('../fsx/editor-process.js');
      return editFile(editor, path);
    },
    version: VERSION,
    chdir: (directory) => process.chdir(directory),
    onSignal(handler, signals = ENDING) {
      for (const signal of signals) process.on(signal, handler);
      return () => {
        for (const signal of signals) process.off(signal, handler);
      };
    },
    onCrash(handler) {
      process.on('uncaughtException', (e) => process.exit(handler(e)));
      // Node would exit with 0 if nothing is left to wait for.
      process.on('beforeExit', () => {
        // If the terminal is gone, a command that waited for keys waits in vain.
        if (isHungUp()) endByHangup();
        process.exit(handler(new Error('nothing is left to wait for')));
      });
    },
    abandon: (status) => process.exit(status),
    // Everything was written and awaited; only an idle handle such as stdin keeps the event loop alive.
    leave: (status) => process.exit(status),
  };
}

function endByHangup(): void {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}
