import type { ArtifactRecord } from '../../src/core/catalog/artifact-record.js';
import type { Catalog } from '../../src/core/catalog/catalog.js';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { isErrno, isHsError } from '../../src/errors/hs-error.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import type { Session } from '../../src/ops/session/session.js';
import { namesOf } from '../../src/store/collector/mark.js';
import { IndexReader } from '../../src/store/objects/index-reader.js';

/** What commands were told, which must hold from then on. */
export interface Promised {
  /** Artifacts whose registration was acknowledged: live, or removed on record. */
  readonly acknowledged?: Iterable<ArtifactId>;
  /** Pins, by name, that were acknowledged and that nobody began to take away. */
  readonly pinned?: ReadonlyMap<string, ArtifactId>;
  /** Artifacts whose removal was acknowledged, and that nobody began to bring back. */
  readonly removed?: Iterable<ArtifactId>;
  /** The revision of an artifact that was acknowledged; a later one is as good. */
  readonly revised?: Iterable<readonly [ArtifactId, number]>;
  /** Whether the power was cut: the catalog index is not synced, and a torn one is made anew. */
  readonly isCut?: boolean;
  /** Texts of notes that were acknowledged, by the numbers of their entries. */
  readonly noted?: ReadonlyMap<number, string>;
}

/** Whether a finding is about a catalog index whose bytes are not those that were written. */
export const isTornIndex = ({ subject, message }: { readonly subject: string; readonly message: string }) =>
  subject.startsWith('cache/') && message.includes(' the catalog index is damaged: ');

/** What of the live artifacts does not read back: each object under its name, with the bytes of its name. */
export async function unreadable(session: Session, catalog: Catalog): Promise<string[]> {
  const lost: string[] = [];
  const indexes = new IndexReader(session.store.objects);
  for await (const record of catalog.live()) {
    const ids = new Set<Parameters<Parameters<typeof namesOf>[2]>[0]>();
    if (!(await namesOf(record, indexes, (id) => ids.add(id)))) lost.push(record.artifact_id);
    for (const id of ids) {
      try {
        await session.store.objects.read(id);
      } catch (e) {
        if (!isHsError(e, 'OBJECT_MISSING', 'INTEGRITY') && !isErrno(e)) throw e;
        lost.push(`${record.artifact_id}: ${id}`);
      }
    }
  }
  return lost;
}

/** The live artifacts, when all of them read back; throws what does not. */
export async function readAll(session: Session): Promise<ArtifactRecord[]> {
  const catalog = await session.store.foldFromLedger();
  const lost = await unreadable(session, catalog);
  if (lost.length > 0) throw new Error(`does not read back: ${lost.join(', ')}`);
  return catalog.live().all();
}

/** Which of the promises the catalog does not keep. */
export async function brokenPromises(
  catalog: Catalog,
  { acknowledged = [], pinned = new Map(), removed = [], revised = [] }: Promised,
): Promise<string[]> {
  const broken: string[] = [];
  for (const id of acknowledged) {
    if ((await catalog.get(id)) === undefined) broken.push(`acknowledged ${id}`);
  }
  for (const [name, id] of pinned) {
    const record = await catalog.get(id);
    if (record?.removed !== undefined || record?.pins.some((p) => p.name === name) !== true)
      broken.push(`pinned ${id}`);
  }
  for (const id of removed) {
    if ((await catalog.get(id))?.removed === undefined) broken.push(`removed ${id}`);
  }
  for (const [id, revision] of revised) {
    if (((await catalog.get(id))?.revision ?? 0) < revision) broken.push(`revision ${revision} of ${id}`);
  }
  return broken;
}

/** The acknowledged entries that the chain has not at their numbers: it is one, and only grows. */
async function notOnTheChain({ store }: Session, noted: ReadonlyMap<number, string>): Promise<string[]> {
  const left = new Map(noted);
  for await (const { entry } of store.ledger.walk()) {
    const text = left.get(entry.seq);
    if (text !== undefined && JSON.stringify(entry).includes(text)) left.delete(entry.seq);
  }
  return [...left.keys()].map((seq) => `entry ${seq} is another`);
}

async function countsDiffer(catalog: Catalog): Promise<string[]> {
  const [live, removed] = [await catalog.live().all(), await catalog.removed().all()];
  const { counts } = catalog;
  const counted = { live: live.length, removed: removed.length };
  return counts.live === counted.live && counts.removed === counted.removed
    ? []
    : [`counts ${JSON.stringify(counts)} of ${JSON.stringify(counted)}`];
}

async function indexDiffers({ store }: Session, fold: Catalog): Promise<string[]> {
  if (store.index === undefined) return [];
  const text = async (catalog: Catalog) =>
    JSON.stringify([await catalog.live().all(), await catalog.removed().all(), catalog.head]);
  return (await text(await store.catalog())) === (await text(fold)) ? [] : ['the index is not the fold'];
}

/**
 * Everything that must hold of a store at rest, whatever its commands died of, once a writing command has run since:
 * an empty list, or what does not hold. Objects hash to their names; live artifacts read back; what was promised is
 * there; the chain verifies, folds and is one; the index is the fold; counts add up; nothing temporary is left; fsck is clean.
 */
export async function violations(session: Session, promised: Promised = {}): Promise<string[]> {
  const catalog = await session.store.foldFromLedger();
  const { findings } = await fsck(session, { repair: false, secondOpinion: false, sample: 1 });
  const leases = await session.store.leases.list();
  return [
    ...(await unreadable(session, catalog)),
    ...(await brokenPromises(catalog, promised)),
    ...(await notOnTheChain(session, promised.noted ?? new Map())),
    ...(await countsDiffer(catalog)),
    ...(await indexDiffers(session, catalog)),
    ...findings
      .filter((f) => !(promised.isCut && isTornIndex(f)))
      .map(({ subject, message }) => `fsck: ${subject}: ${message}`),
    ...leases.map((token) => `lease ${token} is left`),
  ];
}
