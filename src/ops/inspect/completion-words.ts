import type { Catalog } from '../../core/catalog/catalog.js';
import { JOBS, LABELS, labelKey } from '../../core/catalog/catalog-keys.js';
import { labelBesideId, labelOf } from '../../core/manifest/label-of.js';
import { FIELD_NAMES, fieldOf, LABEL_PREFIX } from '../../core/query/fields.js';
import { REPORT_NAME } from '../../core/retention/report.js';

export interface CompletionWord {
  readonly word: string;
  readonly meaning: string;
}

/** A longer list would not help a user choose. */
const LIMIT = 500;

/** Names of live artifacts that begin with `prefix`, each once; then ids, if `prefix` is hexadecimal. */
export async function artifactWords(
  catalog: Catalog,
  prefix: string,
  ids: boolean,
): Promise<CompletionWord[]> {
  const words = new Map<string, string>();
  for await (const r of catalog.live()) {
    if (words.size >= LIMIT) break;
    if (r.name?.startsWith(prefix)) words.set(r.name, r.kind);
    if (ids && prefix !== '' && r.artifact_id.startsWith(prefix)) {
      words.set(r.artifact_id, labelBesideId(r));
    }
  }
  return [...words].map(([word, meaning]) => ({ word, meaning }));
}

const plain = (words: readonly string[]) => words.map((word) => ({ word, meaning: '' }));

/** Jobs of live artifacts that begin with `prefix`. */
export async function jobWords(catalog: Catalog, prefix: string): Promise<CompletionWord[]> {
  return plain(await catalog.words(JOBS, prefix, ' /', LIMIT));
}

/** Keys of labels, or after `KEY=` its values. */
export async function labelWords(catalog: Catalog, typed: string): Promise<CompletionWord[]> {
  const [, key, value] = /^([a-z0-9._-]+)=(.*)$/s.exec(typed) ?? [];
  if (key === undefined) return plain(await catalog.words(LABELS, typed, '/', LIMIT));
  const values = await catalog.words(labelKey(key), value!, ' /', LIMIT);
  return plain(values.map((word) => `${key}=${word}`));
}

/** Filters: keys, and after `KEY=` the values that it has or may have. */
export async function filterWords(catalog: Catalog, typed: string): Promise<CompletionWord[]> {
  const after = (key: string, words: readonly CompletionWord[]) =>
    words.map(({ word, meaning }) => ({ word: key + word, meaning }));
  if (typed.startsWith(LABEL_PREFIX)) {
    return after(LABEL_PREFIX, await labelWords(catalog, typed.slice(LABEL_PREFIX.length)));
  }
  const [, key, value] = /^([a-z]+)=(.*)$/s.exec(typed) ?? [];
  if (key === undefined) return plain([...FIELD_NAMES, LABEL_PREFIX]);
  const field = fieldOf(key);
  const known = field?.type === 'word' && Array.isArray(field.values) ? (field.values as string[]) : [];
  if (key === 'job') return after('job=', await jobWords(catalog, value!));
  if (key === 'name') return after('name=', await artifactWords(catalog, value!, false));
  if (key === 'source') return after('source=', await artifactWords(catalog, value!, true));
  if (key === 'pin') return after('pin=', await pinWords(catalog, value!));
  return after(`${key}=`, plain(known));
}

/** Names of pins that begin with `prefix`. */
export async function pinWords(catalog: Catalog, prefix: string): Promise<CompletionWord[]> {
  const words = new Map<string, string>();
  for await (const r of catalog.live()) {
    if (words.size >= LIMIT) break;
    for (const pin of r.pins) {
      if (pin.name.startsWith(prefix)) words.set(pin.name, labelOf(r));
    }
  }
  return [...words].map(([word, meaning]) => ({ word, meaning }));
}

/** Retention reports, newest first: users remember a collection by its time. */
export async function reportWords(catalog: Catalog): Promise<CompletionWord[]> {
  const words: CompletionWord[] = [];
  for await (const r of catalog.named(REPORT_NAME)) {
    if (words.push({ word: r.artifact_id, meaning: r.created_at }) === LIMIT) break;
  }
  return words;
}
