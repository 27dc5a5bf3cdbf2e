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
import { manifestOf } from '../payload/read-manifest.js';
import type { Session } from '../session/session.js';
import { reviseManifest } from './revise.js';

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

/** Renames an artifact, or removes its name, by a new revision (A8, `hs rename`). L1 is refused. */
export function rename(
  session: Session,
  artifact: string,
  to: string | null,
  reason?: string,
): Promise<Described> {
  const name = to === null ? undefined : toName(to);
  return describeAnew(session, artifact, 'name', () => ({ name }), reason);
}

/** Sets labels, and with null removes them, by a new revision (A8, `hs label`). L1 is refused. */
export function label(
  session: Session,
  artifact: string,
  change: Readonly<Record<string, string | null>>,
  reason?: string,
): Promise<Described> {
  if (Object.hasOwn(change, REFUSED_LABEL)) {
    throw new HsError('USAGE', `the label '${REFUSED_LABEL}' records what hs run saw and cannot be changed`);
  }
  const relabel = ({ labels: before = {} }: Description) => {
    const labels = new Map(Object.entries(before));
    for (const [key, value] of Object.entries(change)) {
      if (value === null) labels.delete(key);
      else labels.set(key, normalText(value));
    }
    return { labels: labels.size === 0 ? undefined : Object.fromEntries(labels) };
  };
  return describeAnew(session, artifact, 'labels', relabel, reason);
}

async function describeAnew(
  session: Session,
  artifact: string,
  field: Field,
  change: (before: Description) => { readonly [F in Field]?: Description[F] | undefined },
  why: string | undefined,
): Promise<Described> {
  const reason = toReason(why);
  return session.write('artifact.revise', [artifact], async (tx) => {
    let result: Described | undefined;
    await tx.commit(async (catalog) => {
      const record = await resolveArtifact(catalog, artifact);
      const before = await manifestOf(session, record);
      const changes = change(before);
      if (isSame(before[field], changes[field])) {
        result = described(before, false);
        return null;
      }
      if (record.layer === 'L1') throw frozen(artifact, field);
      await tx.checkSecrets(catalog, changes);
      const { manifest, op } = await reviseManifest(tx, record, before, changes);
      result = described(manifest, true);
      const payload = compact({ artifacts: 1, size_bytes: manifest.size_bytes, fields: [field], reason });
      return { type: 'artifact_revised', payload, ops: [op] };
    });
    return result!;
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
