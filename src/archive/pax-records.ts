import { escapeText } from '../core/text/escape-control.js';
import { hostile } from './archive-limits.js';
import { decodeUtf8OrUndefined } from './tar-header.js';

export interface PaxOverrides {
  readonly path?: string;
  readonly size?: number;
}

/** Keys that do not affect what is extracted. All others, in particular `linkpath` and `GNU.sparse.*`, are refused. */
const IGNORED = new Set(['mtime', 'atime', 'ctime', 'uid', 'gid', 'uname', 'gname', 'comment']);

/**
 * Strictly parses the records of a PAX header ("LENGTH KEY=VALUE\n", POSIX.1-2017): exact lengths, UTF-8, no duplicate
 * keys, only known keys. `entry` is for messages.
 */
export function parsePax(data: Buffer, entry: string, global: boolean): PaxOverrides {
  const refuse = (why: string) => hostile('pax', why, entry);
  const seen = new Set<string>();
  let path: string | undefined;
  let size: number | undefined;
  for (let at = 0; at < data.length; ) {
    const digits = /^[1-9][0-9]{0,9} /.exec(data.toString('latin1', at, at + 11))?.[0];
    const length = Number.parseInt(digits ?? '', 10);
    const end = at + length;
    if (digits === undefined || length <= digits.length || data[end - 1] !== 0x0a)
      throw refuse('its PAX header has a record of the wrong length');
    const record = decodeUtf8OrUndefined(data.subarray(at + digits.length, end - 1));
    const equals = record?.indexOf('=') ?? -1;
    if (record === undefined || equals < 1)
      throw refuse('its PAX header has a record that is not KEY=VALUE in UTF-8');
    const key = record.slice(0, equals);
    const value = record.slice(equals + 1);
    const shown = escapeText(key.slice(0, 80));
    if (seen.has(key)) throw refuse(`its PAX header has '${shown}' twice`);
    seen.add(key);
    if (key === 'path' && !global) path = value;
    else if (key === 'size' && !global) size = parseSize(value, refuse);
    else if (!IGNORED.has(key)) throw refuse(`its PAX header sets '${shown}', which is not supported`);
    at = end;
  }
  return { ...(path === undefined ? {} : { path }), ...(size === undefined ? {} : { size }) };
}

function parseSize(value: string, refuse: (why: string) => Error): number {
  const size = /^(?:0|[1-9][0-9]*)$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw refuse('its PAX header states an invalid size');
  return size;
}
