import { DETECTORS, type Detector } from './detectors.js';

/** Location of a finding and its detector; never the text. */
export interface SecretFinding {
  readonly detector: string;
  readonly kind: Detector['kind'];
  /** In UTF-16 units; the end is exclusive. */
  readonly start: number;
  readonly end: number;
}

/** Marks of what was removed: `[DETECTOR]` in texts of the ledger, `[REDACTED:CATEGORY:DETECTOR]` in debug bundles. */
const REMOVED = new RegExp(
  `(?:\\[(?:REDACTED:[a-z]+:)?(?:withheld|${DETECTORS.map((d) => d.id).join('|')})(?:#[0-9a-f]{8})?\\])+`,
  'g',
);

/**
 * Finds secrets in a text, in order; of two that overlap, the first to start, and of two with the same start the
 * longer. What lies within marks of what was removed is none. Linear in the text for each detector.
 */
export function findSecrets(
  text: string,
  kinds: readonly Detector['kind'][] = ['credential'],
): SecretFinding[] {
  const found: SecretFinding[] = [];
  const removed = [...text.matchAll(REMOVED)].map((m) => ({ start: m.index, end: m.index + m[0].length }));
  for (const { id, kind, pattern, group, accepts } of DETECTORS) {
    if (!kinds.includes(kind)) continue;
    let next = 0;
    for (const match of text.matchAll(pattern)) {
      const secret = match[group ?? 0]!;
      if (accepts !== undefined && !accepts(secret, match)) continue;
      const start = match.index + (group === undefined ? 0 : match[0].lastIndexOf(secret));
      const end = start + secret.length;
      while (next < removed.length && removed[next]!.end < end) next += 1;
      if (next < removed.length && removed[next]!.start <= start) continue;
      found.push({ detector: id, kind, start, end });
    }
  }
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const apart: SecretFinding[] = [];
  for (const one of found) if (one.start >= (apart.at(-1)?.end ?? 0)) apart.push(one);
  return apart;
}

/** The text with `[DETECTOR]` in place of each secret, and the findings replaced. */
export function redact(
  text: string,
  kinds: readonly Detector['kind'][],
): { readonly text: string; readonly findings: readonly SecretFinding[] } {
  const findings = findSecrets(text, kinds);
  let out = '';
  let at = 0;
  for (const { start, end, detector } of findings) {
    out += `${text.slice(at, start)}[${detector}]`;
    at = end;
  }
  return { text: out + text.slice(at), findings };
}

/** The detectors that find a credential in a value that is kept as JSON: in one of its strings, or in key and value. */
export function namesInValue(value: unknown): string[] {
  const json = JSON.stringify(value);
  // Behind an escape no word begins.
  const texts = json.includes('\\') ? [json, ...stringsIn(value).filter(hasEscapes)] : [json];
  return namesOfSecrets(texts.flatMap((text) => findSecrets(text)));
}

const hasEscapes = (text: string) => JSON.stringify(text).length > text.length + 2;

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}

/** The distinct detector names of the findings. */
export function namesOfSecrets(findings: readonly SecretFinding[]): string[] {
  return [...new Set(findings.map((f) => f.detector))];
}
