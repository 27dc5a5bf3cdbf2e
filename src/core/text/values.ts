import { HsError } from '../../errors/hs-error.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../duration.js';
import { LAST_TIME_MS, type Timestamp, toTimestamp } from '../objects/ids.js';

/** Thrown by a parser for an invalid value; the caller names the option. */
export class BadValue extends Error {}

export function parseInteger(
  raw: string,
  range: { readonly min?: number; readonly max?: number } = {},
): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = range;
  const value = /^-?\d{1,16}$/.test(raw) ? Number(raw) : Number.NaN;
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new BadValue('not a whole number');
  if (value < min) throw new BadValue(`less than ${min}`);
  if (value > max) throw new BadValue(`more than ${max}`);
  return value;
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  K: 2 ** 10,
  KiB: 2 ** 10,
  M: 2 ** 20,
  MiB: 2 ** 20,
  G: 2 ** 30,
  GiB: 2 ** 30,
  T: 2 ** 40,
  TiB: 2 ** 40,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

/** `1048576`, `512K`, `1.5GiB` (powers of 1024), `2GB` (powers of 1000). A whole number of bytes. */
export function parseBytes(raw: string): number {
  const match = /^(\d{1,16})(\.\d{1,9})?([A-Za-z]{0,3})$/.exec(raw);
  const unit = match === null ? undefined : BYTE_UNITS[match[3]!];
  if (match === null || unit === undefined) throw new BadValue('not a size such as 1048576, 512MiB or 2GB');
  const value = Number(match[1]! + (match[2] ?? '')) * unit;
  if (!Number.isSafeInteger(Math.floor(value))) throw new BadValue('too large');
  if (match[2] !== undefined && unit === 1) throw new BadValue('a part of a byte');
  return Math.floor(value);
}

const DURATION_UNITS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
};

/** `90s`, `15m`, `36h`, `30d`, `2w`, and combinations, largest first: `1d12h`. In milliseconds. */
export function parseDuration(raw: string): number {
  if (!/^(\d{1,9}[smhdw])+$/.test(raw)) throw new BadValue('not a duration such as 36h, 30d or 1d12h');
  let total = 0;
  let before = Number.POSITIVE_INFINITY;
  for (const [, amount, letter] of raw.matchAll(/(\d+)([smhdw])/g)) {
    const unit = DURATION_UNITS[letter!]!;
    if (unit >= before)
      throw new BadValue('units of a duration go from the largest to the smallest, each once');
    before = unit;
    total += Number(amount) * unit;
  }
  return total;
}

/** Whether it is meant as a duration rather than as a time. */
export function isDuration(raw: string): boolean {
  return /^\d+[smhdw]/.test(raw);
}

/**
 * `2026-01-31` (midnight UTC), `2026-01-31T12:00`, optionally with seconds, fractions and `Z` or `+01:00` (default
 * UTC), `@1769860800` (seconds since 1970), `now`, `-7d`, `+30d`; with `sign` also `7d`, which then has it.
 */
export function parseTime(raw: string, now: number, sign?: 1 | -1): Timestamp {
  const ms = sign !== undefined && isDuration(raw) ? now + sign * parseDuration(raw) : timeMs(raw, now);
  if (Number.isNaN(ms))
    throw new BadValue('not a time such as 2026-01-31T12:00:00Z, 2026-01-31, -7d or +30d');
  if (ms < 0 || ms > LAST_TIME_MS) throw new BadValue('a time outside the years 1970 to 9999');
  return toTimestamp(ms);
}

const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(?:(Z)|([+-])(\d\d):(\d\d))?)?$/;

function timeMs(raw: string, now: number): number {
  if (raw === 'now') return now;
  if (/^@\d{1,12}$/.test(raw)) return Number(raw.slice(1)) * 1000;
  if (/^[+-]\d/.test(raw)) return now + (raw[0] === '-' ? -1 : 1) * parseDuration(raw.slice(1));
  const match = DATE_TIME.exec(raw);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '0'] = match;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}Z`;
  const ms = Date.parse(local);
  // Date.parse turns 31 February into March.
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== local) return Number.NaN;
  const [sign, hours, minutes] = [match[9], Number(match[10] ?? 0), Number(match[11] ?? 0)];
  if (hours > 23 || minutes > 59) return Number.NaN;
  const offset = (hours * 60 + minutes) * MINUTE_MS;
  return sign === '-' ? ms + offset : ms - offset;
}

/** Runs a parser and names the option or argument in the usage error. */
export function parsed<T>(what: string, raw: string, parse: () => T): T {
  try {
    return parse();
  } catch (e) {
    if (!(e instanceof BadValue)) throw e;
    throw new HsError('USAGE', `invalid value '${raw}' for ${what}: ${e.message}`);
  }
}
