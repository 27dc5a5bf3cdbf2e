import { compact } from '../../core/json/omit-undefined.js';
import type { RetentionClass } from '../../core/manifest/vocabulary.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import { atLine } from '../payload/batch-lines.js';
import { manifestOf } from '../payload/read-manifest.js';
import type { Session } from '../session/session.js';
import { RevisedArtifacts, reviseManifest } from './revise.js';

export interface RetainChange {
  /** Days from `created_at`; null removes the TTL. */
  readonly ttl?: number | null | undefined;
  readonly retentionClass?: RetentionClass | undefined;
}

export interface Retained {
  readonly artifact_id: ArtifactId;
  readonly revision: number;
  readonly retention_class: RetentionClass;
  readonly retention_ttl_days?: number;
}

/** The change of one artifact. */
export interface RetainLine extends RetainChange {
  readonly id: string;
  /** Its line in a batch, for errors. */
  readonly line?: number;
}

/**
 * Changes the TTL or class of artifacts, each by a new revision, in one commit (A8, D2). L1 is refused, and so is
 * removing the TTL of a sensitive artifact (A6).
 */
export async function retain(
  session: Session,
  names: readonly string[],
  change: RetainChange,
): Promise<Retained[]> {
  demandChange(change);
  return retainLines(
    session,
    names.map((id) => ({ id, ...change })),
  );
}

function demandChange({ ttl, retentionClass }: RetainChange): void {
  if (ttl !== undefined || retentionClass !== undefined) return;
  throw new HsError('USAGE', 'nothing to change: give a TTL or a retention class');
}

/** The same with a change for each. */
export async function retainLines(session: Session, lines: readonly RetainLine[]): Promise<Retained[]> {
  for (const each of lines) await atLine(each.line, async () => demandChange(each));
  const subjects = lines.map(({ id }) => id);
  return session.write('artifact.revise', subjects, async (tx) => {
    const revised = new RevisedArtifacts();
    await tx.commit(async (catalog) => {
      revised.clear();
      for (const { id, line, ttl, retentionClass } of lines) {
        await atLine(line, async () => {
          const record = await resolveArtifact(catalog, id);
          if (!revised.claim(record.artifact_id, line)) return;
          if (record.layer === 'L1') {
            throw new HsError('LAYER', `cannot change the retention of '${id}': it is frozen (L1)`);
          }
          const before = await manifestOf(session, record);
          const change = {
            ...(ttl === undefined ? {} : { retention_ttl_days: ttl ?? undefined }),
            ...(retentionClass === undefined ? {} : { retention_class: retentionClass }),
          };
          revised.add(await reviseManifest(tx, record, before, change), change);
        });
      }
      return revised.draft();
    });
    return revised.manifests.map((m) =>
      compact({
        artifact_id: m.artifact_id,
        revision: m.revision,
        retention_class: m.retention_class,
        retention_ttl_days: m.retention_ttl_days,
      }),
    );
  });
}
