import { compact } from '../../core/json/omit-undefined.js';
import type { Manifest } from '../../core/manifest/manifest.js';
import { REFUSED_LABEL } from '../../core/manifest/own-labels.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { toName } from '../../core/paths/safe-path.js';
import { escapeText } from '../../core/text/escape-control.js';
import { toReason } from '../../core/text/ledger-text.js';
import { normalText } from '../../core/text/normal-form.js';
import { HsError } from '../../errors/hs-error.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import { atLine } from '../payload/batch-lines.js';
import { manifestOf } from '../payload/read-manifest.js';
import type { Session } from '../session/session.js';
import { RevisedArtifacts, reviseManifest } from './revise.js';

/** Name and labels of an artifact, in its newest revision. */
export interface Described {
  readonly artifact_id: ArtifactId;
  readonly revision: number;
  /** False: there was no change, and nothing was written. */
  readonly changed: boolean;
  readonly name?: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Description = Pick<Manifest, 'name' | 'labels'>;
type Field = keyof Description;

/** The change of one artifact. */
interface DescriptionChange {
  readonly id: string;
  /** Its line in a batch, for errors. */
  readonly line?: number;
  change(before: Description): { readonly [F in Field]?: Description[F] | undefined };
}

/** Labels to set on one artifact; null removes one. */
export interface LabelLine {
  readonly id: string;
  readonly labels: Readonly<Record<string, string | null>>;
  /** Its line in a batch, for errors. */
  readonly line?: number;
}

/** Renames an artifact, or removes its name, by a new revision (A8, `hs rename`). L1 is refused. */
export async function rename(
  session: Session,
  id: string,
  to: string | null,
  reason?: string,
): Promise<Described> {
  const name = to === null ? undefined : toName(to);
  const [result] = await describeAnew(session, [{ id, change: () => ({ name }) }], 'name', reason);
  return result!;
}

/** Sets labels, and with null removes them, by a new revision (A8, `hs label`). L1 is refused. */
export async function label(
  session: Session,
  id: string,
  labels: Readonly<Record<string, string | null>>,
  reason?: string,
): Promise<Described> {
  const [result] = await labelLines(session, [{ id, labels }], reason);
  return result!;
}

/** The same for several artifacts, in one commit. */
export async function labelLines(
  session: Session,
  lines: readonly LabelLine[],
  reason?: string,
): Promise<Described[]> {
  for (const { line, labels } of lines) await atLine(line, () => refuseOwn(labels));
  const changes = lines.map(({ labels, ...of }) => ({ change: relabelling(labels), ...of }));
  return describeAnew(session, changes, 'labels', reason);
}

function refuseOwn(labels: LabelLine['labels']): void {
  if (!Object.hasOwn(labels, REFUSED_LABEL)) return;
  throw new HsError('USAGE', `the label '${REFUSED_LABEL}' records what hs run saw and cannot be changed`);
}

function relabelling(change: LabelLine['labels']) {
  return ({ labels: before = {} }: Description) => {
    const labels = new Map(Object.entries(before));
    for (const [key, value] of Object.entries(change)) {
      if (value === null) labels.delete(key);
      else labels.set(key, normalText(value));
    }
    return { labels: labels.size === 0 ? undefined : Object.fromEntries(labels) };
  };
}

async function describeAnew(
  session: Session,
  changes: readonly DescriptionChange[],
  field: Field,
  why: string | undefined,
): Promise<Described[]> {
  const reason = toReason(why);
  const subjects = changes.map(({ id }) => id);
  return session.write('artifact.revise', subjects, async (tx) => {
    const revised = new RevisedArtifacts();
    const results: Described[] = [];
    await tx.commit(async (catalog) => {
      revised.clear();
      results.length = 0;
      for (const { id, line, change } of changes) {
        await atLine(line, async () => {
          const record = await resolveArtifact(catalog, id);
          revised.claim(record.artifact_id, line);
          const before = await manifestOf(session, record);
          const fields = change(before);
          if (isSame(before[field], fields[field])) {
            results.push(described(before, false));
            return;
          }
          if (record.layer === 'L1') throw frozen(id, field);
          await tx.checkSecrets(catalog, fields);
          const revision = await reviseManifest(tx, record, before, fields);
          revised.add(revision, fields);
          results.push(described(revision.manifest, true));
        });
      }
      return revised.draft(reason);
    });
    return results;
  });
}

function isSame(a: Description[Field], b: Description[Field]): boolean {
  const sorted = (v: Description[Field]) => (typeof v === 'object' ? Object.entries(v).sort() : (v ?? []));
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function frozen(artifact: string, field: Field): HsError {
  return new HsError('LAYER', `cannot change the ${field} of '${escapeText(artifact)}': it is frozen (L1)`);
}

function described(m: Manifest, changed: boolean): Described {
  const { artifact_id, revision, name, labels = {} } = m;
  return compact({ artifact_id, revision, changed, name, labels });
}
