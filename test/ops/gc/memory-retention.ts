import { activePins } from '../../../src/core/catalog/active-pins.js';
import type { ArtifactRecord, Pin } from '../../../src/core/catalog/artifact-record.js';
import type { Head } from '../../../src/core/catalog/catalog.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import { type ArtifactId, type ObjectId, toTimestamp } from '../../../src/core/objects/ids.js';
import { DEFAULT_POLICY, encodePolicy, type Policy } from '../../../src/core/policy/policy.js';
import { ArtifactColumns } from '../../../src/core/retention/artifact-columns.js';
import { removedSources } from '../../../src/core/retention/held-rows.js';
import { HsError } from '../../../src/errors/hs-error.js';
import type { Removal, RetentionPort, RetentionState } from '../../../src/ops/gc/retention-port.js';
import { NOTHING, type Reclaimed } from '../../../src/store/collector/collector.js';
import type { TestClock } from './helpers.js';

interface Change {
  readonly addsOnly: boolean;
  readonly planHash?: ObjectId;
}

/** Retention over a map: what another backend has to do, and no more (D11). */
export class MemoryRetention implements RetentionPort {
  readonly storeId = '00000000-0000-4000-8000-00000000000a';
  readonly countsItems = true;
  readonly hasLongReports = false;
  readonly policy: Policy = DEFAULT_POLICY;
  readonly live = new Map<ArtifactId, ArtifactRecord>();
  readonly bytes = new Map<ObjectId, Uint8Array>();
  readonly #clock: TestClock;
  readonly #changes: Change[] = [{ addsOnly: true }];
  readonly #trash = new Map<
    ObjectId,
    { readonly bytes: Uint8Array; readonly since: number; readonly zero: boolean }
  >();
  readonly #zero = new Set<ObjectId>();
  readonly #removed: ArtifactRecord[] = [];
  #lastAt: number;
  /** Called within a commit, before it takes effect: another writer. */
  race: (() => void) | undefined;

  constructor(clock: TestClock) {
    this.#clock = clock;
    this.#lastAt = clock.ms;
  }

  get #head(): Head {
    return { seq: this.#changes.length - 1, hash: this.#hash(this.#changes.length - 1) };
  }
  #hash(seq: number): ObjectId {
    return sha256(Buffer.from(`change ${seq}`));
  }
  #changed(change: Change): number {
    this.#lastAt = this.#clock.ms;
    return this.#changes.push(change) - 1;
  }

  add(record: ArtifactRecord, payload: Uint8Array): void {
    const seq = this.#changed({ addsOnly: true });
    this.bytes.set(record.content_hash, payload);
    for (const { manifest, size_bytes } of record.manifests)
      this.bytes.set(manifest, Buffer.alloc(size_bytes));
    this.live.set(record.artifact_id, { ...record, registered: { ...record.registered, seq } });
  }

  setPins(id: ArtifactId, pins: readonly Pin[]): void {
    this.live.set(id, { ...this.live.get(id)!, pins });
    this.#changed({ addsOnly: false });
  }

  async state(): Promise<RetentionState> {
    return {
      head: this.#head,
      lastAt: toTimestamp(this.#lastAt),
      policyId: sha256(encodePolicy(this.policy)),
      policy: this.policy,
      artifacts: this.#columns(),
    };
  }
  #columns(): ArtifactColumns {
    const columns = new ArtifactColumns();
    for (const record of this.live.values()) {
      const objects = this.#names(record);
      columns.add(record, { objects, damaged: objects.some((o) => !this.bytes.has(o.id)) });
    }
    for (const id of removedSources(columns)) {
      columns.addRemoved(id, this.#removed.find((r) => r.artifact_id === id)?.sources ?? []);
    }
    return columns;
  }
  async *records({ artifacts }: RetentionState, rows: ArrayLike<number>) {
    for (const row of Array.from(rows)) yield [row, this.live.get(artifacts.ids.at(row))!] as const;
  }
  async changedSince({ seq }: Head): Promise<boolean> {
    return this.#changes.slice(seq + 1).some((c) => !c.addsOnly);
  }
  async hashAt(seq: number): Promise<ObjectId | undefined> {
    return seq < this.#changes.length ? this.#hash(seq) : undefined;
  }
  async appliedAt(planHash: ObjectId): Promise<number | undefined> {
    const seq = this.#changes.findIndex((c) => c.planHash === planHash);
    return seq < 0 ? undefined : seq;
  }

  #names(record: ArtifactRecord): { id: ObjectId; size: number }[] {
    return [
      ...record.manifests.map((m) => ({ id: m.manifest, size: m.size_bytes })),
      { id: record.content_hash, size: record.size_bytes },
    ];
  }
  async isSound(record: ArtifactRecord): Promise<boolean> {
    return this.bytes.get(record.content_hash)?.byteLength === record.size_bytes;
  }

  async commit(build: () => Promise<Removal | null>): Promise<number | undefined> {
    for (;;) {
      const { seq } = this.#head;
      const removal = await build();
      if (removal === null) return undefined;
      this.race?.();
      this.race = undefined;
      if (this.#head.seq !== seq) continue;
      for (const { artifact_id } of removal.remove) {
        const record = this.live.get(artifact_id)!;
        if (activePins(record, toTimestamp(this.#clock.ms)).length > 0)
          throw new HsError('PINNED', 'it is pinned');
      }
      for (const { artifact_id, purge } of removal.remove) {
        if (purge) for (const { id } of this.#names(this.live.get(artifact_id)!)) this.#zero.add(id);
        this.#removed.push(this.live.get(artifact_id)!);
        this.live.delete(artifact_id);
      }
      return this.#changed({
        addsOnly: false,
        planHash: removal.summary(removal.report.bytes.byteLength).plan_hash,
      });
    }
  }

  async reclaim({ emptyTrash }: { readonly emptyTrash: boolean }): Promise<Reclaimed> {
    const reachable = new Set([...this.live.values()].flatMap((r) => this.#names(r).map((o) => o.id)));
    const swept = { objects: 0, size_bytes: 0 };
    for (const [id, bytes] of this.bytes) {
      if (reachable.has(id)) continue;
      this.bytes.delete(id);
      this.#trash.set(id, { bytes, since: this.#clock.ms, zero: this.#zero.has(id) });
      swept.objects += 1;
      swept.size_bytes += bytes.byteLength;
    }
    const purged = { batches: [], objects: 0, size_bytes: 0, brought_back: 0 };
    const window = this.policy.retention.trash_days * 86_400_000;
    for (const [id, { bytes, since, zero }] of this.#trash) {
      if (!emptyTrash && !zero && since + window > this.#clock.ms) continue;
      this.#trash.delete(id);
      purged.objects += 1;
      purged.size_bytes += bytes.byteLength;
    }
    return { ...NOTHING, swept, purged };
  }
}
