import { type Pack, pack } from 'tar-stream';
import { comparePaths, type SafePath, TreeNames } from '../core/paths/safe-path.js';
import { escapeText } from '../core/text/escape-control.js';
import { HsError } from '../errors/hs-error.js';
import { archiveTime, demandArchiveTime } from './archive-time.js';
import { drain, push } from './pump.js';

export interface TarInput {
  readonly path: SafePath;
  /** Bytes; `content` must yield exactly that many. */
  readonly size: number;
  readonly executable: boolean;
  /** Private files: 0600 and 0700 instead of 0644 and 0755. */
  readonly private?: boolean;
  readonly content: AsyncIterable<Uint8Array>;
}

export interface TarOptions {
  /** Time of every entry in seconds, 0 to 2^31 - 1; from `SOURCE_DATE_EPOCH`, else {@link archiveTime}. */
  readonly mtime?: number | undefined;
}

/**
 * Writes files as a tar that is bitwise identical on every machine (C2): a single time, owner and group 0 without
 * names, four possible modes, no extended attributes, PAX headers only for names that the header cannot hold. `entries`
 * must be in the order of {@link comparePaths}.
 *
 * Throws INTEGRITY if a content is longer or shorter than stated, BUG if the order or tree is wrong.
 */
export function writeTar(
  entries: AsyncIterable<TarInput>,
  { mtime: asked }: TarOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const mtime = archiveTime(asked);
  demandArchiveTime(mtime);
  const out = pack() as Pack & AsyncIterable<Uint8Array>;
  const date = new Date(mtime * 1000);
  return drain(out, async () => {
    const names = new TreeNames();
    let last: SafePath | undefined;
    for await (const entry of entries) {
      if (last !== undefined && comparePaths(last, entry.path) >= 0)
        throw new HsError('BUG', `archive entry '${escapeText(entry.path)}' is out of order`);
      if (names.add(entry.path) !== undefined)
        throw new HsError('BUG', `archive entry '${escapeText(entry.path)}' is a file and a directory`);
      last = entry.path;
      if (!(await writeEntry(out, entry, date))) return;
    }
    out.finalize();
  });
}

/** False once the reader of the archive has gone. */
async function writeEntry(out: Pack, entry: TarInput, mtime: Date): Promise<boolean> {
  const wrong = () =>
    new HsError('INTEGRITY', `'${escapeText(entry.path)}' does not have the stated ${entry.size} bytes`);
  let settle: (error?: Error | null) => void = () => {};
  const finished = new Promise<boolean>((resolve) => {
    settle = (error) => resolve(!error);
  });
  const mode = (entry.executable ? 0o755 : 0o644) & (entry.private ? 0o700 : 0o777);
  const { path: name, size } = entry;
  const sink = out.entry(
    { name, size, mode, mtime, type: 'file', uid: 0, gid: 0, uname: '', gname: '' },
    (e) => settle(e),
  );
  sink.on('error', () => {});
  let written = 0;
  for await (const chunk of entry.content) {
    written += chunk.length;
    if (written > size) throw wrong();
    if (chunk.length > 0 && !(await push(sink, chunk))) return false;
  }
  if (written < size) throw wrong();
  sink.end(undefined);
  return finished;
}
