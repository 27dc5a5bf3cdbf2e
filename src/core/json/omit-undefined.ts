type Compact<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The object without undefined members, which canonical JSON cannot represent. */
export function compact<T extends Record<string, unknown>>(
  value: T,
): { [K in keyof Compact<T>]: Compact<T>[K] } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Compact<T>;
}
