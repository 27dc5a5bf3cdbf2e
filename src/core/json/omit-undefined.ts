type Compact<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The object without undefined members, which canonical JSON cannot represent. */
export function compact<T extends Record<string, unknown>>(
  value: T,
): { [K in keyof Compact<T>]: Compact<T>[K] } {
  const kept: Record<string, unknown> = {};
  for (const key of Object.keys(value)) if (value[key] !== undefined) kept[key] = value[key];
  return kept as Compact<T>;
}
