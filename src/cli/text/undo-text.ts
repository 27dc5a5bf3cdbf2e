import { labelWithId } from '../../core/manifest/label-of.js';
import { counted, humanSize } from '../../core/text/human.js';
import type { View } from './view.js';

interface Named {
  readonly artifact_id: string;
  readonly name?: string;
  readonly filename_hint?: string;
  readonly kind: string;
}

/** The bytes that a removal frees. */
export interface FreedBytes {
  readonly freed_bytes: number;
  /** Of these, the ones without a trash window. */
  readonly freed_at_once_bytes?: number;
}

/** `would`: asked or shown; `will`: committed; `did`: what is purged at once is gone. */
export type Tense = 'would' | 'will' | 'did';

const AT_ONCE: Readonly<Record<Tense, (size: string) => string>> = {
  would: (size) => `would free ${size} at once`,
  will: (size) => `will free ${size} with the next collection`,
  did: (size) => `freed ${size}`,
};

/** `2026-12-04`. */
export function dayOf(at: string): string {
  return at.slice(0, 10);
}

/**
 * When bytes are freed: `will free 69 MiB when the trash is emptied (2026-12-04)`. Without `trashUntil`, nothing stays
 * in the trash. `about` is placed before each size, `aboutLater` before that of what the trash has.
 */
export function freesText(
  freed: FreedBytes,
  trashUntil: string | undefined,
  tense: Tense,
  about = '',
  aboutLater = about,
): string {
  const { freed_bytes: all } = freed;
  const atOnce = trashUntil === undefined ? all : (freed.freed_at_once_bytes ?? 0);
  const later = all - atOnce;
  const parts: string[] = [];
  if (atOnce > 0 || all === 0) parts.push(AT_ONCE[tense](about + humanSize(atOnce)));
  if (later > 0) {
    const verb = tense === 'would' ? (parts.length > 0 ? '' : 'would free ') : 'will free ';
    parts.push(`${verb}${aboutLater}${humanSize(later)} when the trash is emptied (${dayOf(trashUntil!)})`);
  }
  return parts.join(', and ');
}

/** A line names only a few; the table and `--json` list all. */
const MOST_NAMED = 5;

/** `2 cannot be brought back: prompt (1f2e3d4c), key (9a8b7c6d)`. */
export function irreversibleText(items: readonly Named[], view: View): string {
  return `${items.length} cannot be brought back: ${namesOf(items, view)}`;
}

/** Artifacts removed earlier that cannot be brought back once the trash is emptied. */
export function emptiedText(items: readonly Named[], tense: 'would' | 'did', view: View): string {
  const [empties, can] = tense === 'would' ? ['would empty', 'could not'] : ['emptied', 'cannot'];
  const artifacts = `${counted(items.length, 'artifact')} removed before`;
  return `${empties} the trash: ${artifacts} ${can} be brought back: ${namesOf(items, view)}`;
}

function namesOf(items: readonly Named[], view: View): string {
  const named = items.slice(0, MOST_NAMED).map((item) => labelWithId(item, view.text));
  const more = items.length - named.length;
  return named.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
