import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/duration.js';

const SPANS = [
  ['year', 365 * DAY_MS],
  ['month', 30 * DAY_MS],
  ['week', 7 * DAY_MS],
  ['day', DAY_MS],
  ['hour', HOUR_MS],
  ['minute', MINUTE_MS],
  ['second', SECOND_MS],
] as const;

/** `3 days`: the largest unit with a count of at least two, else one. Weeks only from two on. */
export function humanSpan(ms: number): string {
  const t = Math.abs(ms);
  for (const [name, length] of SPANS) {
    const count = Math.floor(t / length);
    if (count >= (name === 'week' ? 2 : 1)) return `${count} ${name}${count === 1 ? '' : 's'}`;
  }
  return '0 seconds';
}

/** `3 days ago`, `in 2 hours`, `now`. */
export function humanAge(then: number, now: number): string {
  const ms = now - then;
  if (Math.abs(ms) < 1000) return 'now';
  return ms > 0 ? `${humanSpan(ms)} ago` : `in ${humanSpan(ms)}`;
}
