import type { ArtifactId, ObjectId } from './ids.js';
import { CLASSIFICATIONS, type Classification } from './vocabulary.js';

/** One thing that would leave the store, with all that is in it, as far as that could be found out. */
export interface GuardSubject {
  /** What to call it: a name or the path of a member. */
  readonly label: string;
  /** The artifact it is, where that is in this store: what `hs reclassify` changes. */
  readonly artifactId?: ArtifactId | undefined;
  /** What a consent must name. */
  readonly contentHash: ObjectId;
  /** `undefined`: unknown or unreadable, which blocks. */
  readonly classification: Classification | undefined;
  readonly exportable: boolean | undefined;
  /** `undefined`: they could not be read, which blocks. */
  readonly members: readonly GuardSubject[] | undefined;
}

export type GuardRule = 'not-exportable' | 'unclassified' | 'high' | 'unreadable-members' | 'too-deep';

/** One reason why an export is blocked. */
export interface GuardBlock {
  readonly rule: GuardRule;
  /** The labels from the artifact down to the member that blocks. */
  readonly where: readonly string[];
  readonly contentHash: ObjectId;
  readonly artifactId?: ArtifactId | undefined;
}

/** Bundles of bundles deeper than this are nobody's work. */
export const MAX_DEPTH = 32;

/**
 * The export guard (B6): every reason that blocks, none when it may go. Blocks what is not exportable,
 * of unknown or unreadable classification, or high without a consent to that very content hash; and
 * whatever contains such a thing, however deep. What cannot be found out blocks.
 */
export function guardExport(subject: GuardSubject, consents: ReadonlySet<ObjectId>): readonly GuardBlock[] {
  const blocks: GuardBlock[] = [];
  const seen = new Set<string>();
  const visit = (s: GuardSubject, above: readonly string[]): void => {
    const where = [...above, s.label];
    const block = (rule: GuardRule) => {
      const key = `${rule} ${s.contentHash} ${where.join('\0')}`;
      if (!seen.has(key)) blocks.push({ rule, where, contentHash: s.contentHash, artifactId: s.artifactId });
      seen.add(key);
    };
    if (where.length > MAX_DEPTH) {
      block('too-deep');
      return;
    }
    if (s.classification === undefined || !CLASSIFICATIONS.includes(s.classification)) block('unclassified');
    else if (s.classification === 'high' && !consents.has(s.contentHash)) block('high');
    if (s.exportable !== true) block('not-exportable');
    if (s.members === undefined) block('unreadable-members');
    for (const member of s.members ?? []) visit(member, where);
  };
  visit(subject, []);
  return blocks;
}

/** What the block says, to follow "cannot export 'report': ". */
export function describeBlock({ rule, where }: GuardBlock): string {
  const inside = where.length > 1 ? ` (because of '${where.slice(1).join("' in '")}')` : '';
  switch (rule) {
    case 'not-exportable':
      return `it is not exportable${inside}`;
    case 'unclassified':
      return `its classification is unknown${inside}`;
    case 'high':
      return `classification is high${inside}`;
    case 'unreadable-members':
      return `its members cannot be read${inside}`;
    case 'too-deep':
      return 'its members lie deeper than can be checked';
  }
}

/** A hint is one line. */
const MAX_NAMED = 5;

/** The next step for whoever was blocked. */
export function blockHint(blocks: readonly GuardBlock[], id: string): string {
  const high = blocks.find((b) => b.rule === 'high');
  const held = blocks.filter((b) => b.rule === 'not-exportable');
  if (held.length > 0) {
    // A directory is blocked by what is in it: to reclassify the directory would change nothing.
    const ids = [...new Set(held.map((b) => b.artifactId?.slice(0, 8) ?? id))];
    const each = ids.length === 1 ? '' : `, for each of ${ids.slice(0, MAX_NAMED).join(', ')}`;
    return `hs reclassify ${ids.length === 1 ? ids[0] : 'ID'} --exportable --reason R changes that${each}`;
  }
  if (high !== undefined) return `--consent ${high.contentHash} agrees to exactly these bytes`;
  return 'hs fsck tells what is damaged; what was removed comes back with hs restore';
}
