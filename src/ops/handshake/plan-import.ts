import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { cyclicSources } from '../../core/handshake/cyclic-sources.js';
import { type Fault, FaultList } from '../../core/handshake/fault.js';
import type { WorkspaceManifest } from '../../core/handshake/workspace-manifest.js';
import { handleOf } from '../../core/manifest/handle-of.js';
import { type EntityRef, type Handle, type Manifest, toHandle } from '../../core/manifest/manifest.js';
import { isSensitive, type Sensitivity, stricter } from '../../core/manifest/sensitivity.js';

import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import type { FoundArtifact, WorkspacePlace } from './read-workspace.js';
import { manifestFor } from './to-manifest.js';

/** The planned outcome for an artifact of the workspace. */
export interface PlannedArtifact {
  readonly found: FoundArtifact;
  /** `tightened`: it exists here, and the workspace is stricter about it. */
  readonly outcome: 'refused' | 'present' | 'tightened' | 'new';
  /** Unless refused: the manifest to register, or for an existing artifact the workspace's version of it. */
  readonly manifest?: Manifest;
  readonly faults: readonly Fault[];
}

export interface PlanContext {
  readonly catalog: Catalog;
  /** Restricted artifacts by content hash. */
  readonly restricted: ReadonlyMap<ObjectId, readonly ArtifactRecord[]>;
  /** TTL in days for sensitive artifacts without one. */
  readonly ttl: number | undefined;
}

/** An artifact that no fault of its own excludes. */
interface Candidate {
  readonly found: FoundArtifact;
  readonly m: WorkspaceManifest;
  readonly faults: FaultList;
  level: Sensitivity;
  ttl: number | undefined;
}

/** Decides about each artifact of a workspace in one state of the store; a pure function of both. */
export async function planImport(
  found: readonly FoundArtifact[],
  context: PlanContext,
): Promise<PlannedArtifact[]> {
  const here = await recordsHere(found, context.catalog);
  const lists = new Map(found.map((f) => [f, new FaultList(f.faults)]));
  const candidates = candidatesOf(found, lists);
  for (const candidate of candidates.values()) decideLevel(candidate, here, context);
  const sources = new Map([...candidates].map(([id, { m }]) => [id, idsOf(m)]));
  const circles = cyclicSources(sources);
  const plain = new Map<ArtifactId, Manifest>();
  for (const [id, c] of candidates) {
    const manifest = manifestFor(c.found, decided(c, [], []), c.faults);
    if (manifest !== undefined) plain.set(id, manifest);
  }
  return found.map((f): PlannedArtifact => {
    const faults = lists.get(f)!;
    const id = f.place.name as ArtifactId;
    const c = candidates.get(id);
    if (c?.found !== f || !plain.has(id)) return { found: f, outcome: 'refused', faults: faults.items };
    const handle = (source: ArtifactId): Handle | undefined => {
      const record = here.get(source);
      const manifest = plain.get(source);
      if (manifest !== undefined) return toHandle(manifest);
      return record === undefined || record.removed !== undefined ? undefined : handleOf(record);
    };
    const { kept, lost } = sourcesOf(c, circles, handle);
    // Dropped sources were reported with the plain manifest.
    const manifest = manifestFor(f, decided(c, kept, lost), new FaultList())!;
    return { found: f, outcome: outcomeOf(here.get(id), c), manifest, faults: faults.items };
  });
}

type Records = ReadonlyMap<ArtifactId, ArtifactRecord>;

/** The artifacts and sources of a workspace that exist in this store. */
async function recordsHere(found: readonly FoundArtifact[], catalog: Catalog): Promise<Records> {
  const here = new Map<ArtifactId, ArtifactRecord>();
  for (const { place, manifest } of found) {
    for (const id of [place.name as ArtifactId, ...(manifest === undefined ? [] : idsOf(manifest))]) {
      const record = await catalog.get(id);
      if (record !== undefined) here.set(id, record);
    }
  }
  return here;
}

function decided(c: Candidate, sources: Handle[], lostSources: EntityRef[]) {
  return { ...c.level, ttl: c.ttl, sources, lostSources };
}

/** Each id once: of copies with the same content, the one from the highest layer; of others, none. */
function candidatesOf(
  found: readonly FoundArtifact[],
  lists: ReadonlyMap<FoundArtifact, FaultList>,
): Map<ArtifactId, Candidate> {
  const candidates = new Map<ArtifactId, Candidate>();
  const contradicted = new Set<ArtifactId>();
  // L1 sorts first.
  for (const f of [...found].sort((a, b) => (a.place.layer < b.place.layer ? -1 : 1))) {
    const faults = lists.get(f)!;
    const { manifest: m, payload } = f;
    if (m === undefined || payload === undefined || faults.keepOut) continue;
    const before = candidates.get(m.artifact_id);
    if (before === undefined) {
      candidates.set(m.artifact_id, {
        found: f,
        m,
        faults,
        level: { classification: m.classification, exportable: m.exportable },
        ttl: m.retention_ttl_days ?? undefined,
      });
    } else if (before.found.payload!.hash === payload.hash) {
      // The stricter classification of the two copies applies.
      before.level = stricter(before.level, m);
      const where = before.found.place.layer;
      faults.add('duplicate-copy', `it is in ${where} too, with the same content, and comes from there`);
    } else {
      contradicted.add(m.artifact_id);
      for (const list of [before.faults, faults])
        list.add(
          'duplicate-id',
          `its id is in ${before.found.place.layer} and ${placeOf(f.place)}, with other content`,
        );
    }
  }
  for (const id of contradicted) candidates.delete(id);
  return candidates;
}

const placeOf = ({ layer }: WorkspacePlace) => layer;

/** Decides the classification and TTL of an artifact, and adds the faults that this store raises. */
function decideLevel(c: Candidate, records: Records, { restricted, ttl }: PlanContext): void {
  const { m, faults } = c;
  const { hash, type } = c.found.payload!;
  if (m.layer === 'L4')
    faults.add('ephemeral-layer', 'it is in L4, which is kept for hours: the next collection may take it');
  const here = records.get(m.artifact_id);
  if (here !== undefined && (here.content_hash !== hash || here.payload_type !== type)) {
    faults.add('id-in-use', 'its id exists already, with other content');
  } else if (here?.removed !== undefined) {
    faults.add(
      'id-in-use',
      'it existed here and was removed; hs restore brings it back while it is in the trash',
    );
  }
  const known = (restricted.get(hash) ?? []).filter((r) => r.artifact_id !== m.artifact_id);
  const raised = known.reduce((level, record) => stricter(level, record), c.level);
  if (raised.classification !== c.level.classification || raised.exportable !== c.level.exportable) {
    faults.add(
      'level-raised',
      `its bytes are ${raised.classification}${raised.exportable ? '' : ' and not exportable'} here`,
    );
    const days = known.map((r) => r.retention_ttl_days).filter((d) => d !== undefined);
    if (c.ttl === undefined && days.length > 0) c.ttl = Math.min(...days);
    c.level = raised;
  }
  const isFrozen = here?.layer === 'L1';
  if (here !== undefined && isFrozen) {
    const wanted = stricter(here, c.level);
    if (wanted.classification === here.classification && wanted.exportable !== here.exportable)
      faults.add('frozen-here', 'it is frozen here (L1), and the workspace says that it must not leave');
  }
  if (c.ttl !== undefined || !isSensitive({ kind: m.kind, ...c.level })) return;
  // A frozen artifact here takes no TTL; the one in the workspace's manifest is not used.
  c.ttl = ttl ?? here?.retention_ttl_days ?? (isFrozen ? 0 : undefined);
  if (c.ttl === undefined)
    faults.add('ttl-required', 'it is sensitive and has no time to live: give it with --ttl DAYS');
}

function outcomeOf(here: ArtifactRecord | undefined, { level }: Candidate): 'present' | 'tightened' | 'new' {
  if (here === undefined) return 'new';
  const wanted = stricter(here, level);
  const isSame = wanted.classification === here.classification && wanted.exportable === here.exportable;
  return isSame ? 'present' : 'tightened';
}

function idsOf({ source_artifact_refs: refs }: WorkspaceManifest): ArtifactId[] {
  return (refs ?? []).map((r) => r.artifact_id);
}

/** The sources that a manifest here can name, and the ids of the others. */
function sourcesOf(
  { m, faults }: Candidate,
  circles: ReadonlyMap<ArtifactId, number>,
  handle: (id: ArtifactId) => Handle | undefined,
): { kept: Handle[]; lost: EntityRef[] } {
  const kept = new Map<ArtifactId, Handle>();
  const lost = new Map<ArtifactId, EntityRef>();
  for (const { artifact_id: id, path } of m.source_artifact_refs ?? []) {
    const circle = circles.get(id);
    const isCyclic = circle !== undefined && circle === circles.get(m.artifact_id);
    const source = isCyclic ? undefined : handle(id);
    if (path != null && !path.split('/').includes(id))
      faults.add('source-path', `the path of its source '${id}' is another's`);
    if (isCyclic) faults.add('source-cyclic', `its source '${id}' is, in the end, made from it`);
    else if (source === undefined) faults.add('source-missing', `its source '${id}' does not exist`);
    if (source !== undefined) kept.set(id, source);
    else lost.set(id, { entity_kind: 'artifact', entity_id: id });
  }
  return { kept: [...kept.values()], lost: [...lost.values()] };
}
