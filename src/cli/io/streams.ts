import type { Pager } from '../../fsx/pager-process.js';
import type { Command } from '../command.js';
import { type GlobalValues, outputForm } from '../globals.js';
import type { Host } from '../host.js';
import { asciiOnly, escapeText } from '../text/escape-for-terminal.js';
import { colourStyle, plainStyle } from '../text/style.js';
import type { View } from '../text/view.js';
import { Input } from './input.js';
import { JsonProgress } from './json-progress.js';
import { Log } from './log.js';
import { Out } from './output.js';
import { Progress, type ShownProgress } from './progress.js';
import { type Terminal, terminalOf } from './terminal.js';

/** The input and output of one command. */
export interface Streams {
  readonly stdin: Input;
  readonly out: Out;
  readonly log: Log;
  readonly progress: ShownProgress;
  readonly terminal: Terminal;
  readonly view: View;
}

export async function openStreams(
  host: Host,
  command: Command,
  globals: GlobalValues,
  now: number,
  signal: AbortSignal,
  pager: Pager | undefined,
): Promise<Streams> {
  const { spec } = command;
  const terminal = terminalOf(host, globals.color);
  const progress = openProgress(host, globals, terminal, pager);
  const out = new Out(pager?.input ?? host.stdout, {
    colour: terminal.colour,
    nul: globals.nul,
    terminal: terminal.stdout,
    stopWhenClosed: spec.opens !== 'write' && spec.verdict !== true,
    before: () => progress.wipe(),
  });
  const log = new Log(() => host.stderr, {
    style: terminal.colourErrors ? await colourStyle() : plainStyle,
    quiet: globals.quiet,
    verbose: globals.verbose,
    form: outputForm(globals),
    before: () => progress.wipe(),
  });
  const ascii = terminal.stdout && !terminal.unicode;
  const view: View = {
    text: globals.nul ? (raw) => raw : ascii ? (raw) => asciiOnly(escapeText(raw)) : escapeText,
    style: terminal.colour ? await colourStyle() : plainStyle,
    width: terminal.width,
    terminal: terminal.stdout,
    unicode: terminal.unicode || !terminal.stdout,
    quiet: globals.quiet,
    verbose: globals.verbose,
    now,
  };
  return { stdin: new Input(() => host.stdin, globals.nul, signal), out, log, progress, terminal, view };
}

function openProgress(
  host: Host,
  globals: GlobalValues,
  terminal: Terminal,
  pager: Pager | undefined,
): ShownProgress {
  const { clock } = host;
  if (globals.progress === 'json') return new JsonProgress(() => host.stderr, clock);
  const isWanted = !globals.noProgress && globals.progress !== 'none' && !globals.quiet;
  // Not while a pager uses the screen.
  const isFree = pager === undefined && !globals.json && !globals.jsonl;
  return new Progress(() => host.stderr, {
    shown: terminal.stderr && !terminal.dumb && isWanted && isFree,
    clock,
  });
}
