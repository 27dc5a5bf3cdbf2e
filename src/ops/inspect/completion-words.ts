import type { Catalog } from '../../core/catalog/catalog.js';
import { labelBesideId, labelOf } from '../../core/manifest/label-of.js';
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
