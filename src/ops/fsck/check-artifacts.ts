import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { comparedLive } from '../../core/catalog/compare-catalog.js';
import type { LedgerDigest } from '../../core/catalog/ledger-digest.js';
import { canonicalText } from '../../core/json/canonical.js';
import { withoutFacts2 } from '../../core/ledger/operation.js';
import { labelWithId } from '../../core/manifest/label-of.js';
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest/manifest.js';
import { bundleIndexEntries, indexSize, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { escapeText } from '../../core/text/escape-control.js';
import { isHsError } from '../../errors/hs-error.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import { HINT_LOST, HINT_REPAIR, type Repair, type RepairableFinding } from '../../store/port/finding.js';
import { hasFeature } from '../../store/port/format.js';
import { factsOf } from '../put/register-artifact.js';
import type { Session } from '../session/session.js';
import { Expectations } from './expectations.js';
import type { PlacedObjects } from './placed-objects.js';

const OPTIONAL_FACTS = [
  'name',
  'filename_hint',
  'retention_ttl_days',
  'sources',
  'job_id',
  'labels',
  'entities',
];

class ArtifactCheck {
  readonly findings: RepairableFinding[] = [];
  readonly #session: Session;
  readonly #there: PlacedObjects;
  readonly #damaged: ReadonlySet<ObjectId>;
  /** Total file size of an index whose files all exist; one index may be the payload of many artifacts. */
  readonly #whole = new Map<ObjectId, number>();
  /** What is live and was not found in use. */
  readonly #trashed: {
    readonly r: ArtifactRecord;
    readonly id: ObjectId;
    readonly what: string;
    /** In the trash; undefined: it was in no listing, and is in a mirror. */
    readonly source: string | undefined;
  }[] = [];

  constructor(session: Session, there: PlacedObjects, damaged: ReadonlySet<ObjectId>) {
    this.#session = session;
    this.#there = there;
    this.#damaged = damaged;
  }

  #report(r: ArtifactRecord, what: string, hint: string, more: Partial<RepairableFinding> = {}): void {
    const subject = labelWithId(r, escapeText);
    this.findings.push({
      severity: 'damage',
      subject,
      message: `${subject}: ${what}`,
      hint,
      artifact_id: r.artifact_id,
      ...more,
    });
  }

  /** Whether an object that the artifact names is usable; otherwise reports why not. */
  async #present(r: ArtifactRecord, id: ObjectId, size: number | undefined, what: string): Promise<boolean> {
    const placed = this.#there.get(id);
    const found = placed?.size ?? (await this.#session.store.objects.size(id));
    const wanted = { wanted: [id] };
    if (found === undefined) this.#report(r, `${what} is missing: object ${id}`, HINT_LOST, wanted);
    else if (size !== undefined && found !== size) {
      this.#report(r, `${what} has ${found} bytes instead of ${size}: object ${id}`, HINT_LOST, wanted);
    } else if (this.#damaged.has(id)) {
      this.#report(r, `${what} is damaged: object ${id}`, 'see the finding for the object', wanted);
    } else if (placed === undefined && !(await this.#session.store.objects.isSound(id))) {
      // In a pack whose index is damaged: it was not read with the others.
      this.#report(r, `${what} is damaged: object ${id}`, HINT_LOST, wanted);
    } else {
      // Another command may have restored it since it was listed.
      const isElsewhere = placed === undefined || placed.place.batch !== undefined;
      const isTrashed = isElsewhere && (await this.#session.store.objects.sizeInUse(id)) === undefined;
      // A sample may have left it unread; and what is said of the trash is not said of what is live.
      if (isTrashed && !(await this.#session.store.objects.isSound(id))) {
        this.#report(r, `${what} is in the trash, and damaged: object ${id}`, HINT_LOST, wanted);
        return false;
      }
      if (isTrashed) this.#trashed.push({ r, id, what, source: placed?.place.nameOf(id) });
      return true;
    }
    return false;
  }

  /**
   * Reports what is in the trash, once all were looked at: what was restored into a pack meanwhile is not, nor what stays
   * where it is. A put whose upload was taken for unused before it committed leaves that; the next collection ends it.
   */
  async finish(): Promise<void> {
    if (this.#trashed.length === 0) return;
    const { objects, reclaimer } = this.#session.store;
    await objects.refresh();
    const ids = this.#trashed.map(({ id }) => id);
    const inUse = await objects.sizesInUse(ids);
    const goes = await reclaimer.onlyCondemned?.(ids.filter((id) => !inUse.has(id)));
    for (const { r, id, what, source } of this.#trashed) {
      const isCondemned = goes?.has(id);
      if (inUse.has(id) || (source !== undefined && isCondemned === false)) continue;
      const run: Repair['run'] = async ({ batch }) => {
        await batch.reference(id);
        await batch.publish();
        return true;
      };
      const isMirrored = source === undefined && hasFeature(this.#session.store.format, 'remote');
      const elsewhere = isMirrored ? 'only in the mirror of this machine' : 'in the trash';
      const where = isCondemned ? 'condemned, and goes with the next collection' : elsewhere;
      this.#report(r, `${what} is ${where}: object ${id}`, HINT_REPAIR, {
        severity: 'misplaced',
        repair: {
          action: 'bring-back',
          subject: `object ${id}`,
          ...(source !== undefined && { source }),
          run,
        },
      });
    }
  }

  async #manifests(r: ArtifactRecord): Promise<void> {
    for (const [i, { manifest, size_bytes }] of r.manifests.entries()) {
      const what = `the manifest of revision ${i + 1}`;
      if (!(await this.#present(r, manifest, size_bytes, what))) continue;
      let decoded: Manifest;
      try {
        decoded = decodeManifest(await this.#session.store.objects.read(manifest, MAX_MANIFEST_BYTES));
      } catch (e) {
        if (!isHsError(e)) throw e;
        this.#report(r, `${what} is not valid: ${e.message}`, HINT_LOST);
        continue;
      }
      if (i === r.manifests.length - 1) this.#agrees(r, decoded, { id: manifest, size: size_bytes });
    }
  }

  /** The ledger carries the facts of the newest manifest; the two must agree. */
  #agrees(r: ArtifactRecord, m: Manifest, stored: { readonly id: ObjectId; readonly size: number }): void {
    const all = factsOf(m, stored);
    const facts: Readonly<Record<string, unknown>> = hasFeature(this.#session.store.format, 'facts-2')
      ? all
      : withoutFacts2(all);
    const known = r as unknown as Readonly<Record<string, unknown>>;
    const text = (v: unknown) => (v === undefined ? '' : canonicalText(v));
    const differ = [...new Set([...Object.keys(facts), ...OPTIONAL_FACTS])].filter(
      (key) => text(facts[key]) !== text(known[key]),
    );
    if (differ.length > 0) {
      this.#report(r, `ledger and manifest disagree about ${differ.join(', ')}`, 'hs ledger verify, hs show');
    }
  }

  /** The size of a valid index and the total size of its files; otherwise why it is invalid. */
  async #index(id: ObjectId): Promise<{ readonly bytes: Uint8Array; readonly listed: number } | string> {
    try {
      const bytes = await this.#session.store.objects.read(id, MAX_INDEX_BYTES);
      return { bytes, listed: indexSize(bundleIndexEntries(bytes)) };
    } catch (e) {
      if (!isHsError(e)) throw e;
      return e.message;
    }
  }

  async #payload(r: ArtifactRecord): Promise<void> {
    const id = r.content_hash;
    if (r.payload_type === 'file') {
      await this.#present(r, id, r.size_bytes, 'the payload');
      return;
    }
    if (this.#whole.get(id) === r.size_bytes) return;
    if (!(await this.#present(r, id, undefined, 'the index'))) return;
    const index = await this.#index(id);
    if (typeof index === 'string') {
      this.#report(r, `the index is not valid: ${index}`, HINT_LOST);
      return;
    }
    const { bytes, listed } = index;
    const before = this.findings.length;
    if (listed !== r.size_bytes) {
      this.#report(r, `the index lists ${listed} bytes instead of ${r.size_bytes}`, HINT_LOST);
    }
    for (const e of bundleIndexEntries(bytes)) {
      await this.#present(r, e.content_hash, e.size_bytes, `file '${escapeText(e.path)}'`);
    }
    if (this.findings.length === before) this.#whole.set(id, listed);
  }

  async look(record: ArtifactRecord): Promise<void> {
    await this.#manifests(record);
    await this.#payload(record);
  }
}

async function* watched<T>(
  session: Session,
  count: number,
  blocks: AsyncIterable<readonly T[]>,
): AsyncGenerator<readonly T[], void> {
  session.progress.start('checking artifacts', count, 'artifacts');
  for await (const block of blocks) {
    await yieldToEvents();
    session.signal.throwIfAborted();
    yield block;
    session.progress.advance(block.length);
  }
  session.progress.done();
}

/**
 * What live artifacts expect of their objects. TablesDamaged unless every row of the catalog is what `fold`, which then
 * is at its head, says.
 */
export async function expectationsOf(
  session: Session,
  catalog: Catalog,
  fold: LedgerDigest,
  objects: PlacedObjects,
): Promise<Expectations> {
  const { store } = session;
  // Entries that were appended since the ledger was verified.
  for await (const { entry, hash } of store.ledger.walk(fold.head, catalog.head.seq)) {
    let index = 0;
    for await (const ops of store.opsParts(entry)) for (const op of ops) fold.apply(entry, op, index++);
    fold.finish(entry, hash, await store.payloadFor(entry));
  }
  const expected = new Expectations(objects, hasFeature(store.format, 'facts-2'));
  const live = comparedLive(catalog, fold);
  for await (const block of watched(session, catalog.counts.live, live)) {
    for (const { record, facts } of block) expected.note(record, facts);
  }
  return expected;
}

/** Looks again at each artifact of which something is not as expected, and reports what. */
export async function checkArtifacts(
  session: Session,
  catalog: Catalog,
  objects: PlacedObjects,
  expected: Expectations,
  damaged: ReadonlySet<ObjectId>,
): Promise<readonly RepairableFinding[]> {
  const check = new ArtifactCheck(session, objects, damaged);
  if (expected.areMet && damaged.size === 0) return [];
  // Any file of a directory may be damaged.
  const isDamaged = (r: ArtifactRecord) =>
    r.payload_type === 'directory' ||
    damaged.has(r.content_hash) ||
    r.manifests.some(({ manifest }) => damaged.has(manifest));
  const isSound = (r: ArtifactRecord) => expected.isMetBy(r) && (damaged.size === 0 || !isDamaged(r));
  const live = catalog.provenLive().blocks();
  for await (const block of watched(session, catalog.counts.live, live)) {
    for (const record of block) if (!isSound(record)) await check.look(record);
  }
  await check.finish();
  return check.findings;
}
