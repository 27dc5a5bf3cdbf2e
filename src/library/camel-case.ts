/** The camelCase spelling of a field name. */
export type CamelKey<K> = K extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelKey<Tail>>}`
  : K;

/**
 * Fields that hold a document or a user's own text: their names are those of the format, and are given as they are
 * stored.
 */
const DOCUMENTS = ['manifest', 'policy', 'payload', 'plan', 'report', 'labels', 'before', 'after'] as const;
type Document = (typeof DOCUMENTS)[number];

/** A result with the names of its fields in camelCase, except inside documents of the store. */
export type CamelCased<T> = T extends string | number | boolean | null | undefined | Error | Uint8Array
  ? T
  : T extends readonly (infer E)[]
    ? readonly CamelCased<E>[]
    : { [K in keyof T as CamelKey<K>]: K extends Document ? T[K] : CamelCased<T[K]> };

const camelKey = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** See {@link CamelCased}. */
export function camelCased<T>(value: T): CamelCased<T> {
  if (Array.isArray(value)) return value.map((item) => camelCased(item)) as CamelCased<T>;
  if (!isPlain(value)) return value as CamelCased<T>;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      camelKey(name),
      (DOCUMENTS as readonly string[]).includes(name) ? field : camelCased(field),
    ]),
  ) as CamelCased<T>;
}

/** The same for what comes out piece by piece. */
export async function* camelCasedEach<T>(rows: AsyncIterable<T>): AsyncGenerator<CamelCased<T>, void> {
  for await (const row of rows) yield camelCased(row);
}
