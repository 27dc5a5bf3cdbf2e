type Compact<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The object without its undefined members, which canonical JSON has no form for. */
export function compact<T extends Record<string, unknown>>(
  value: T,
): { [K in keyof Compact<T>]: Compact<T>[K] } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Compact<T>;
}
