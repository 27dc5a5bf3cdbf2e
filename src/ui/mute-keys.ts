import type { Readable } from 'node:stream';
import type { ReadStream } from 'node:tty';

const CTRL_C = 0x03;

/**
 * Until the preview reads keys, they are neither echoed nor kept: keys typed before its first screen have no meaning.
 * Ctrl-C, which raises no signal then, is sent as one. The returned function hands the terminal to the next reader, or
 * with `restore` restores its state.
 */
export function muteKeys(stdin: Readable): (restore: 'restore' | 'go on') => void {
  const terminal = stdin as Partial<ReadStream> & Readable;
  if (terminal.isTTY !== true || terminal.setRawMode === undefined) return () => {};
  const typed = () => {
    for (let chunk = terminal.read(); chunk !== null; chunk = terminal.read()) {
      if (Buffer.from(chunk).includes(CTRL_C)) process.kill(process.pid, 'SIGINT');
    }
  };
  terminal.setRawMode(true);
  // Not 'data': a stream paused after a 'data' listener gives the next reader nothing.
  terminal.on('readable', typed);
  return (restore) => {
    terminal.off('readable', typed);
    if (restore === 'go on') return;
    terminal.pause();
    terminal.setRawMode!(false);
  };
}
