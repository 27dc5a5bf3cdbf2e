import { DETECTORS, type Detector } from './detectors.js';

/** Location of a finding and its detector; never the text. */
export interface SecretFinding {
  readonly detector: string;
  readonly kind: Detector['kind'];
  /** In UTF-16 units; the end is exclusive. */
  readonly start: number;
  readonly end: number;
}

/**
 * Finds secrets in a text, in order; of two that overlap, the first to start, and of two with the same start the
 * longer. Linear in the text for each detector.
 */
export function findSecrets(
  text: string,
  kinds: readonly Detector['kind'][] = ['credential'],
): SecretFinding[] {
  const found: SecretFinding[] = [];
  for (const { id, kind, pattern, group, accepts } of DETECTORS) {
    if (!kinds.includes(kind)) continue;
    for (const match of text.matchAll(pattern)) {
      const secret = match[group ?? 0]!;
      if (accepts !== undefined && !accepts(secret, match)) continue;
      const start = match.index + (group === undefined ? 0 : match[0].lastIndexOf(secret));
      found.push({ detector: id, kind, start, end: start + secret.length });
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

/** The distinct detector names of the findings. */
export function namesOfSecrets(findings: readonly SecretFinding[]): string[] {
  return [...new Set(findings.map((f) => f.detector))];
}
