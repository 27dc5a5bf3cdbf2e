import type { ArtifactRecord } from './artifact-record.js';

type SeriesFacts = Pick<ArtifactRecord, 'retention_class' | 'name' | 'filename_hint' | 'kind'>;

/** What the series of an artifact goes by within its class: its name, else its filename hint, else its kind (D2). */
export function seriesWord(
  a: Omit<SeriesFacts, 'retention_class'>,
): readonly [by: 'n' | 'f' | 'k', word: string] {
  if (a.name !== undefined) return ['n', a.name];
  return a.filename_hint !== undefined ? ['f', a.filename_hint] : ['k', a.kind];
}

/** The series an artifact is a version of: its class and what it goes by. */
export function seriesKey(a: SeriesFacts): string {
  return [a.retention_class, ...seriesWord(a)].join('\0');
}
