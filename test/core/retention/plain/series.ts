import { type ArtifactRecord, compareRegistration } from '../../../../src/core/catalog/artifact-record.js';
import type { Policy } from '../../../../src/core/policy/policy.js';

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

/**
 * The newest `floor` of each series by ledger position (D2.7), out of the versions that are given: those
 * that no earlier rule prunes, so that a floor is a number of versions that are really left.
 */
export function newestOfSeries(
  versions: Iterable<ArtifactRecord>,
  classes: Policy['retention']['classes'],
): ReadonlySet<ArtifactRecord> {
  const series = new Map<string, ArtifactRecord[]>();
  for (const a of versions) {
    if (classes[a.retention_class].floor === 0) continue;
    const key = seriesKey(a);
    const members = series.get(key);
    if (members === undefined) series.set(key, [a]);
    else members.push(a);
  }
  const newest = new Set<ArtifactRecord>();
  for (const members of series.values()) {
    const { floor } = classes[members[0]!.retention_class];
    if (members.length > floor) {
      members.sort((a, b) => compareRegistration(b.registered, a.registered));
      members.length = floor;
    }
    for (const a of members) newest.add(a);
  }
  return newest;
}
