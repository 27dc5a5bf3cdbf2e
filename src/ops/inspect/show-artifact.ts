import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { type Culprit, culpritsOf, guardExport } from '../../core/guard/guard.js';
import { type ClaimField, claimsIn } from '../../core/manifest/claims.js';
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest/manifest.js';
import { judgeOne } from '../../core/retention/judge-one.js';
import type { PlanItem } from '../../core/retention/prune-plan.js';
import { isHsError } from '../../errors/hs-error.js';
import { isRestorable } from '../gc/restore.js';
import { guardSubject } from '../guard/guard-subject.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import { readContent } from '../payload/read-content.js';
import type { Session } from '../session/session.js';
import { nearestRelatives, type Relative } from './lineage.js';

/** `hs lineage` lists them all. */
const MOST_RELATIVES = 20;

export interface ShownArtifact {
  readonly record: ArtifactRecord;
  /** Undefined if the manifest is unreadable; `damage` then gives the reason. */
  readonly manifest: Manifest | undefined;
  readonly damage: string | undefined;
  /** Manifest fields that hs did not observe itself: claims of the author. */
  readonly claims: readonly ClaimField[];
  /** The entry that registered it here. */
  readonly registered: {
    readonly seq: number;
    readonly at: string;
    readonly actor: string;
    readonly jobId?: string;
  };
  /** What a collection would do with it now; undefined for removed artifacts. */
  readonly retention: PlanItem | undefined;
  /** For removed artifacts: whether it can be brought back. */
  readonly restorable?: boolean;
  /** What it was made from, and what was made from it: the first of each. */
  readonly relatives: { readonly sources: readonly Relative[]; readonly derived: readonly Relative[] };
  /** Other reasons why it cannot be exported: artifacts with its bytes, its members, its sources. */
  readonly heldBackBy: readonly Culprit[];
}

/** Only a quota needs the whole state, because it counts the bytes of every object. */
async function verdictOn(
  session: Session,
  catalog: Catalog,
  record: ArtifactRecord,
): Promise<PlanItem | undefined> {
  const policy = await session.policy(catalog);
  if (policy.retention.quota_bytes === undefined) return judgeOne(catalog, record, policy, session.now());
  const { makePlan } = await import('../gc/make-plan.js');
  const { StorePreview } = await import('../gc/store-retention.js');
  const planned = await makePlan(new StorePreview(session), { now: () => session.now() });
  const row = planned.state.artifacts.ids.numberOf(record.artifact_id);
  return row < 0 ? undefined : (await planned.items([row]))[0];
}

/** Everything known about one artifact without a plan. Reports a damaged manifest instead of throwing. */
export async function readArtifact(
  session: Session,
  record: ArtifactRecord,
): Promise<Omit<ShownArtifact, 'retention' | 'restorable' | 'relatives' | 'heldBackBy'>> {
  let manifest: Manifest | undefined;
  let damage: string | undefined;
  try {
    manifest = decodeManifest(await session.store.objects.read(record.manifest, MAX_MANIFEST_BYTES));
  } catch (e) {
    if (!isHsError(e, 'OBJECT_MISSING', 'INTEGRITY', 'INVALID_MANIFEST', 'INVALID_RECORD')) throw e;
    damage = e.message;
  }
  const { entry } = await session.store.ledger.read(record.registered.seq);
  return {
    record,
    manifest,
    damage,
    claims: manifest === undefined ? [] : claimsIn(manifest, entry),
    registered: {
      seq: entry.seq,
      at: entry.at,
      actor: `${entry.actor}:${entry.actor_id}`,
      ...(entry.job_id === undefined ? {} : { jobId: entry.job_id }),
    },
  };
}

/** If nothing is restricted, nothing is read: only a bundle may contain what the ledger does not know. */
async function heldBackBy(
  session: Session,
  catalog: Catalog,
  record: ArtifactRecord,
): Promise<readonly Culprit[]> {
  if (record.kind !== 'bundle' && (await catalog.guarded().first()) === undefined) return [];
  const { objects } = session.store;
  const subject = await guardSubject(objects, catalog, await readContent(objects, record));
  return culpritsOf(guardExport(subject, new Set())).filter(({ where }) => where.length > 1);
}

/** Everything known about one artifact, live or removed, and what a collection would do with it. */
export async function showArtifact(session: Session, typed: string): Promise<ShownArtifact> {
  return session.read(async (catalog) => {
    const record = await resolveArtifact(catalog, typed, { removed: true });
    return {
      ...(await readArtifact(session, record)),
      relatives: await nearestRelatives(catalog, record, MOST_RELATIVES),
      retention: record.removed === undefined ? await verdictOn(session, catalog, record) : undefined,
      ...(record.removed === undefined ? {} : { restorable: await isRestorable(session, record) }),
      heldBackBy: record.removed === undefined ? await heldBackBy(session, catalog, record) : [],
    };
  });
}
