import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { Kind } from '../../core/manifest/vocabulary.js';
import type { ArtifactId, Timestamp } from '../../core/objects/ids.js';
import { UuidTable } from '../../core/objects/uuid-table.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import type { Session } from '../session/session.js';

export const LINEAGE_DIRECTIONS = ['up', 'down', 'both'] as const;

export interface LineageQuery {
  /** `up` to what it was made from, `down` to what was made from it; default both. */
  readonly direction?: (typeof LINEAGE_DIRECTIONS)[number];
  /** Steps from the artifact, 1 or more; default all. */
  readonly depth?: number;
}

/** An artifact as its relatives name it. */
export interface Relative {
  readonly artifact_id: ArtifactId;
  readonly name?: string;
  readonly filename_hint?: string;
  readonly kind?: Kind;
  /** `unknown`: the ledger of this store never had it, as after the import of one that was made from it. */
  readonly state: 'live' | 'removed' | 'unknown';
  readonly removed_at?: Timestamp;
}

export interface LineageRow extends Relative {
  readonly relation: 'self' | 'source' | 'derived';
  readonly depth: number;
  /** The artifact of which it is a source, or from which it was derived. */
  readonly of?: ArtifactId;
  /** It was listed before, with what is behind it. */
  readonly repeated?: true;
}

export function relativeOf(id: ArtifactId, r: ArtifactRecord | undefined): Relative {
  if (r === undefined) return { artifact_id: id, state: 'unknown' };
  return compact({
    artifact_id: id,
    name: r.name,
    filename_hint: r.filename_hint,
    kind: r.kind,
    state: r.removed === undefined ? ('live' as const) : ('removed' as const),
    removed_at: r.removed?.at,
  });
}

type Next = readonly [id: ArtifactId, record: ArtifactRecord | undefined];

async function* sourcesOf(catalog: Catalog, record: ArtifactRecord | undefined): AsyncGenerator<Next, void> {
  for (const id of new Set(record?.sources)) yield [id, await catalog.get(id)];
}

async function* derivedFrom(catalog: Catalog, id: ArtifactId): AsyncGenerator<Next, void> {
  for await (const record of catalog.derivedFrom(id)) yield [record.artifact_id, record];
}

/**
 * Depth first, each artifact once with what is behind it. A stack of its own and 24 bytes for each artifact seen: neither
 * a long chain nor many edges are a limit.
 */
async function* walk(
  session: Session,
  catalog: Catalog,
  start: ArtifactRecord,
  relation: 'source' | 'derived',
  most: number,
): AsyncGenerator<LineageRow, void> {
  const relatives = (id: ArtifactId, record: ArtifactRecord | undefined) =>
    relation === 'source' ? sourcesOf(catalog, record) : derivedFrom(catalog, id);
  const seen = new UuidTable();
  seen.add(start.artifact_id);
  const stack = [{ of: start.artifact_id, rest: relatives(start.artifact_id, start) }];
  while (stack.length > 0) {
    const { of, rest } = stack.at(-1)!;
    const next = await rest.next();
    if (next.done) {
      stack.pop();
      continue;
    }
    const turn = yieldToEvents();
    if (turn !== undefined) await turn;
    session.signal.throwIfAborted();
    const [id, record] = next.value;
    const row = { ...relativeOf(id, record), relation, depth: stack.length, of };
    if (seen.numberOf(id) >= 0) yield { ...row, repeated: true };
    else {
      seen.add(id);
      yield row;
      if (stack.length < most) stack.push({ of: id, rest: relatives(id, record) });
    }
  }
}

/** The artifact, what it was made from, and what was made from it: each followed by its own, also through removed ones. */
export async function* lineage(
  session: Session,
  name: string,
  { direction = 'both', depth = Number.POSITIVE_INFINITY }: LineageQuery = {},
): AsyncGenerator<LineageRow, void> {
  const catalog = await session.catalog();
  const record = await resolveArtifact(catalog, name, { removed: true });
  yield { ...relativeOf(record.artifact_id, record), relation: 'self', depth: 0 };
  if (direction !== 'down') yield* walk(session, catalog, record, 'source', depth);
  if (direction !== 'up') yield* walk(session, catalog, record, 'derived', depth);
}

/** The first `most` of each kind of relative, one step away. */
export async function nearestRelatives(catalog: Catalog, record: ArtifactRecord, most: number) {
  const first = async (nexts: AsyncIterable<Next>) => {
    const relatives: Relative[] = [];
    for await (const [id, found] of nexts) {
      if (relatives.push(relativeOf(id, found)) === most) break;
    }
    return relatives;
  };
  return {
    sources: await first(sourcesOf(catalog, record)),
    derived: await first(derivedFrom(catalog, record.artifact_id)),
  };
}
