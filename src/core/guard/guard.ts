import { CLASSIFICATIONS, type Classification } from '../manifest/vocabulary.js';
import type { ArtifactId, ObjectId } from '../objects/ids.js';
import { escapeText } from '../text/escape-control.js';
import type { TargetKind } from './target-kinds.js';

/**
 * Why something counts as a member: it has the same bytes, it is a directory with the same file, a slice was taken
 * from it, a bundle contains it, or its index cannot be read and nobody can tell.
 */
export type GuardLink = 'bytes' | 'directory' | 'source' | 'bundled' | 'unread';

/** One thing that would leave the store, with all its members, as far as they could be determined. */
export interface GuardSubject {
  /** Display name. */
  readonly label: string;
  /** Absent for the subject of the export itself. */
  readonly link?: GuardLink | undefined;
  /** The file with its bytes, in the directory or bundle that it is a member of. */
  readonly path?: string | undefined;
  /** Its artifact, if that is in this store: what `hs reclassify` changes. */
  readonly artifactId?: ArtifactId | undefined;
  /** Whether that artifact was removed: its bytes can then only be cleared by a consent. */
  readonly removed?: boolean | undefined;
  /** The hash that a consent must name. */
  readonly contentHash: ObjectId;
  /** `undefined`: unknown or unreadable, which blocks. */
  readonly classification: Classification | undefined;
  readonly exportable: boolean | undefined;
  /** `undefined`: could not be read, which blocks. */
  readonly members: readonly GuardSubject[] | undefined;
}

export const GUARD_RULES = [
  'not-exportable',
  'unclassified',
  'high',
  'high-to-public',
  'unreadable-members',
  'too-deep',
] as const;
export type GuardRule = (typeof GUARD_RULES)[number];

/** One reason why an export is blocked. */
export interface GuardBlock {
  readonly rule: GuardRule;
  readonly subject: GuardSubject;
  /** The labels from the artifact down to the member that blocks. */
  readonly where: readonly string[];
}

/** Maximum nesting of bundles, well above real use. */
export const MAX_GUARD_DEPTH = 32;

/**
 * The export guard (B6): every reason that blocks, none when the export may proceed. Blocks content that is not
 * exportable, is of unknown or unreadable classification, or is high without a consent to exactly that content hash,
 * and whatever contains such content, however deep. High content never goes to a public target, even with consent.
 * Whatever cannot be determined blocks. Removed content blocks as before its removal, but a consent also clears what
 * otherwise takes a reclassification, since nothing is left to reclassify.
 */
export function guardExport(
  subject: GuardSubject,
  consents: ReadonlySet<ObjectId>,
  target: TargetKind = 'local_file',
): readonly GuardBlock[] {
  const blocks: GuardBlock[] = [];
  const seen = new Set<string>();
  const visit = (s: GuardSubject, above: readonly string[]): void => {
    const where = [...above, s.label];
    const block = (rule: GuardRule) => {
      const key = `${rule} ${s.contentHash} ${s.artifactId} ${where.join('\0')}`;
      if (!seen.has(key)) blocks.push({ rule, subject: s, where });
      seen.add(key);
    };
    if (where.length > MAX_GUARD_DEPTH) {
      block('too-deep');
      return;
    }
    const consented = consents.has(s.contentHash);
    const cleared = consented && s.removed === true;
    if (s.classification === undefined || !CLASSIFICATIONS.includes(s.classification)) block('unclassified');
    else if (s.classification === 'high' && target === 'public') block('high-to-public');
    else if (s.classification === 'high' && !consented) block('high');
    if (s.exportable !== true && !cleared) block('not-exportable');
    if (s.members === undefined && !cleared) block('unreadable-members');
    for (const member of s.members ?? []) visit(member, where);
  };
  visit(subject, []);
  return blocks;
}

/** Whether a consent replaces the reclassification of something that was removed. */
export function clearsRemoved(s: GuardSubject, consents: ReadonlySet<ObjectId>): boolean {
  const blocked = s.exportable !== true || s.members === undefined;
  if (s.removed === true && blocked && consents.has(s.contentHash)) return true;
  return (s.members ?? []).some((member) => clearsRemoved(member, consents));
}

/** An artifact that blocks an export, with all the rules it violates. */
export interface Culprit {
  readonly subject: GuardSubject;
  readonly where: readonly string[];
  readonly rules: readonly GuardRule[];
}

/** Groups blocks by cause, so that each artifact is reported once. */
export function culpritsOf(blocks: readonly GuardBlock[]): readonly Culprit[] {
  const found = new Map<string, Culprit>();
  for (const { rule, subject, where } of blocks) {
    const key = where.length === 1 ? '' : (subject.artifactId ?? where.join('\0'));
    const before = found.get(key);
    if (before?.rules.includes(rule)) continue;
    found.set(
      key,
      before ? { ...before, rules: [...before.rules, rule] } : { subject, where, rules: [rule] },
    );
  }
  return [...found.values()];
}

/** A culprit for `--json`. */
export function culpritDetails({ subject, where, rules }: Culprit) {
  const { artifactId, contentHash, path, removed } = subject;
  return {
    ...(artifactId === undefined ? {} : { artifact_id: artifactId }),
    name: subject.label,
    content_hash: contentHash,
    rules,
    where,
    ...(path === undefined ? {} : { path }),
    removed: removed === true,
  };
}

/** The label of a culprit: `'app' (9d58dfad)`. */
function nameOf({ subject }: Culprit): string {
  const { label, artifactId, removed } = subject;
  const name = `'${escapeText(label)}'`;
  const id = artifactId?.slice(0, 8);
  return id === undefined ? name : `${name} (${id}${removed ? ', removed' : ''})`;
}

/** The reason to refuse an export, to follow "cannot export 'report': ". */
export function describeCulprit(culprit: Culprit): string {
  const { subject, where, rules } = culprit;
  if (rules.includes('too-deep')) return 'its members are nested too deeply to check';
  if (where.length === 1) return describeSelf(rules);
  const whole = where.length === 2 ? 'it' : `'${escapeText(where.at(-2)!)}'`;
  const part = subject.path === undefined ? whole : `'${escapeText(subject.path)}'`;
  const which = `${nameOf(culprit)}, ${describeState(rules)}`;
  switch (subject.link) {
    case 'directory':
      return `${part} is also in ${which}`;
    case 'source':
      return `${whole} was taken from ${which}`;
    case 'unread':
      return `it may contain a file of ${which}`;
    case 'bytes':
      return `${part} has the same bytes as ${which}`;
    default:
      return `${whole} contains ${which}`;
  }
}

function describeSelf(rules: readonly GuardRule[]): string {
  const said: string[] = [];
  if (rules.includes('unclassified')) said.push('its classification is unknown');
  else {
    if (rules.includes('high')) said.push('classification is high');
    if (rules.includes('high-to-public')) said.push('classification is high, and the target is public');
    if (rules.includes('not-exportable')) said.push('it is not exportable');
  }
  if (rules.includes('unreadable-members')) said.push('its members cannot be read');
  return said.join(', and ');
}

function describeState(rules: readonly GuardRule[]): string {
  const said: string[] = [];
  if (rules.includes('unclassified')) said.push('of unknown classification');
  else {
    if (rules.some((r) => r === 'high' || r === 'high-to-public')) said.push('high');
    if (rules.includes('not-exportable')) said.push('not exportable');
  }
  if (said.length === 0) return 'whose members cannot be read';
  const members = rules.includes('unreadable-members') ? ', and its members cannot be read' : '';
  return `which is ${said.join(' and ')}${members}`;
}

/** Bundles keep the manifests of their members, slices the handles of their sources. */
function isKept({ subject: { link } }: Culprit): boolean {
  return link === 'bundled' || link === 'source';
}

/** Maximum names in a hint, which is one line. */
const MAX_NAMED = 5;

/** The next step for the user; `restorable` are removed artifacts that can be restored. */
export function blockHint(
  culprits: readonly Culprit[],
  id: string,
  restorable: ReadonlySet<ArtifactId>,
): string {
  const idOf = ({ subject }: Culprit) => subject.artifactId?.slice(0, 8) ?? id;
  const known = culprits.filter((c) => !c.rules.includes('unclassified'));
  const published = known.find((c) => c.rules.includes('high-to-public'));
  if (published !== undefined) {
    return `high content cannot go to a public target; if it is not high, use hs reclassify ${idOf(published)}`;
  }
  const held = known.filter((c) => c.rules.includes('not-exportable') && c.subject.removed !== true);
  if (held.length > 0) {
    // A directory is blocked by its content: reclassifying the directory would change nothing.
    const ids = [...new Set(held.map(idOf))];
    const each = ids.length === 1 ? '' : `, for each of ${ids.slice(0, MAX_NAMED).join(', ')}`;
    const anew = held.some(isKept) ? ', for bundles and slices made afterwards' : '';
    return `hs reclassify ${ids.length === 1 ? ids[0] : 'ID'} --exportable --reason R changes that${each}${anew}`;
  }
  const back = known.find(
    (c) =>
      c.subject.artifactId !== undefined &&
      restorable.has(c.subject.artifactId) &&
      !isKept(c) &&
      c.rules.some((rule) => rule !== 'high'),
  );
  if (back !== undefined) {
    const it = idOf(back);
    return `hs restore ${it} brings it back, then hs reclassify ${it} --exportable --reason R changes that`;
  }
  const consents = known.filter((c) => c.subject.removed === true || c.rules.includes('high'));
  if (consents.length > 0) {
    const hashes = [...new Set(consents.map((c) => c.subject.contentHash))].slice(0, MAX_NAMED);
    const allow = hashes.length === 1 ? 'allows' : 'allow';
    return `${hashes.map((hash) => `--consent ${hash}`).join(' ')} ${allow} exactly these bytes`;
  }
  return 'hs fsck lists all damage';
}
