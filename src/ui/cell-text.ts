import { DAY_MS, HOUR_MS, MINUTE_MS } from '../core/duration.js';
import { type Timestamp, timestampMs } from '../core/objects/ids.js';

const GROUPS = /\B(?=(\d{3})+$)/g;

/** `12,345`, the same in every locale. */
export function count(n: number): string {
  return String(n).replace(GROUPS, ',');
}

/** `1 artifact`, `12 artifacts`. */
export function plural(n: number, word: string): string {
  return `${count(n)} ${word}${n === 1 ? '' : 's'}`;
}

/** A duration in at most 4 columns: `45s`, `12m`, `7h`, `400d`, `27y`. */
export function span(ms: number): string {
  const t = Math.max(0, ms);
  if (t < MINUTE_MS) return `${Math.floor(t / 1000)}s`;
  if (t < HOUR_MS) return `${Math.floor(t / MINUTE_MS)}m`;
  if (t < 2 * DAY_MS) return `${Math.floor(t / HOUR_MS)}h`;
  if (t < 1000 * DAY_MS) return `${Math.floor(t / DAY_MS)}d`;
  return `${Math.floor(t / (365.25 * DAY_MS))}y`;
}

/** An age in at most 4 columns; `soon` for a time later than `now`. */
export function age(at: Timestamp, now: number): string {
  const ms = now - timestampMs(at);
  return ms < 0 ? 'soon' : span(ms);
}

/** `2026-01-31 12:00`, UTC. */
export function moment(at: Timestamp): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)}`;
}
