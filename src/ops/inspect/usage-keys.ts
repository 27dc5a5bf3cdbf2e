/** The keys that `hs du` groups by. */
export const USAGE_KEYS = ['kind', 'class', 'name', 'layer'] as const;
export type UsageKey = (typeof USAGE_KEYS)[number];
