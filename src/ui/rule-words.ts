import { timestampMs } from '../core/objects/ids.js';
import { span } from './cell-text.js';
import { shown } from './column-text.js';
import type { ListItem, ListRule } from './list-item.js';

/** Each rule of D2 in at most 13 columns. */
export const RULE_WORDS: Readonly<Record<ListRule, string>> = {
  sensitive_ttl: 'sensitive TTL',
  ttl_expired: 'TTL over',
  ephemeral: 'L4 hours over',
  window_expired: 'window over',
  quota: 'over quota',
  requested: 'requested',
  pinned: 'pinned',
  frozen: 'frozen, L1',
  held: 'held by a pin',
  within_ttl: 'TTL',
  ephemeral_live: 'L4 hours',
  within_window: 'window',
  min_versions: 'newest kept',
  future_dated: 'dated ahead',
  damaged: 'damaged',
  unlisted: 'not listed',
  trashed: 'in the trash',
};

/**
 * Why the plan keeps or prunes an item, with the time left or since expiry if it fits: `TTL, 3d left`, `TTL over 43d
 * ago`.
 */
export function reason(item: ListItem, now: number, unicode: boolean, columns = Infinity): string {
  const words = RULE_WORDS[item.rule];
  if (item.rule === 'pinned' && item.pins?.[0] !== undefined) {
    const more = item.pins.length > 1 ? ` +${item.pins.length - 1}` : '';
    return `pin ${shown(item.pins[0], unicode)}${more}`;
  }
  if (item.until === undefined) return words;
  const ms = timestampMs(item.until) - now;
  const over = words.endsWith('over') ? words : `${words} over`;
  const timed = item.verdict === 'keep' ? `${words}, ${span(ms)} left` : `${over} ${span(-ms)} ago`;
  return timed.length <= columns ? timed : words;
}
