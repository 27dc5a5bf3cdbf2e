import { categoryOf } from '../secrets/detectors.js';
import { findSecrets, type SecretFinding } from '../secrets/find-secrets.js';

/** What stands for a text that was removed. */
export const MARK = /\[REDACTED:[a-z]+:[a-z0-9-]+(?:#[0-9a-f]{8})?\]/g;

const ALL = ['credential', 'personal'] as const;

export function markOf({ detector, kind }: Pick<SecretFinding, 'detector' | 'kind'>): string {
  return `[REDACTED:${categoryOf({ id: detector, kind })}:${detector}]`;
}

/** What any detector finds, including data about persons. */
export function findAll(text: string): SecretFinding[] {
  return findSecrets(text, ALL);
}

/**
 * The text with a mark in place of each finding, until no detector finds anything in it: neither as it is, nor as a
 * string of a JSON document, whose escapes may look like a path or belong to a word.
 */
export function removeFindings(text: string): string {
  let out = text;
  for (let before: string | undefined; before !== out; ) {
    before = out;
    out = replaced(out, findAll(out));
    out = replaced(out, inText(out, findAll(escaped(out))));
  }
  return out;
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Findings of the escaped text by their place in the text, widened to whole characters. */
function inText(text: string, findings: readonly SecretFinding[]): readonly SecretFinding[] {
  if (findings.length === 0) return findings;
  /** By UTF-16 unit of the escaped text: where its character starts in the text, and ends. */
  const places: { readonly start: number; readonly end: number }[] = [];
  let start = 0;
  for (const character of text) {
    const place = { start, end: start + character.length };
    for (const _ of escaped(character).split('')) places.push(place);
    start = place.end;
  }
  return findings.map((f) => ({ ...f, start: places[f.start]!.start, end: places[f.end - 1]!.end }));
}

/** A mark that is found in part goes as a whole. */
function replaced(text: string, findings: readonly SecretFinding[]): string {
  if (findings.length === 0) return text;
  const marks = [...text.matchAll(MARK)].map((m) => ({ start: m.index, end: m.index + m[0].length }));
  let out = '';
  let end = 0;
  for (const finding of findings) {
    const cut = marks.filter((mark) => mark.start < finding.end && finding.start < mark.end);
    const start = Math.max(end, Math.min(finding.start, ...cut.map((mark) => mark.start)));
    const stop = Math.max(finding.end, ...cut.map((mark) => mark.end));
    if (stop <= start) continue;
    out += text.slice(end, start) + markOf(finding);
    end = stop;
  }
  return out + text.slice(end);
}
