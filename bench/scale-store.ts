/**
 * Stores of any size from a seed, for bench/scale.mjs: written by the project's own code past the commands, without
 * an fsync, since what is measured is reading them. The same seed and time give the same bytes but for the store's id.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { removeSync } from 'fs-extra/esm';
import type { Environment } from '../src/core/effects.js';
import { ENTRY_SCHEMA, type EntryDraft, encodeEntry } from '../src/core/ledger/entry.js';
import type { LedgerOp } from '../src/core/ledger/operation.js';
import { encodeManifest, MANIFEST_SCHEMA, toManifest } from '../src/core/manifest/manifest.js';
import { KINDS, RETENTION_CLASSES } from '../src/core/manifest/vocabulary.js';
import { sha256 } from '../src/core/objects/hash.js';
import { type ArtifactId, type ObjectId, toTimestamp } from '../src/core/objects/ids.js';
import { nodeDisk } from '../src/fsx/node-disk.js';
import { systemClock, systemEnvironment, systemRandom } from '../src/fsx/system-effects.js';
import { factsOf } from '../src/ops/put/register-artifact.js';
import { encodeOps } from '../src/store/ledger/operations-object.js';
import { initStore } from '../src/store/local/init.js';
import type { Layout } from '../src/store/local/layout.js';
import { Store } from '../src/store/store.js';

export interface ScaleRequest {
  /** An empty directory that the store is made in. */
  readonly dir: string;
  readonly artifacts: number;
  /** Entries that register them. */
  readonly commits: number;
  readonly seed: number;
  /** Pinned ones, and ones whose TTL is over. */
  readonly pinned: number;
  readonly expired: number;
  /** Whose store it is; the process's own user where it is left out. */
  readonly env?: Environment;
}

const PAYLOAD_BYTES = 256;
const VERSIONS = 10;
/** Every so many has no name, was made from the one before, is of another class. */
const [NAMELESS, DERIVED, OF_ANOTHER_CLASS] = [10, 5, 7];
const MOST_INLINE = 40;
const BATCH = 10_000;
const [PINS_REASON, ENDED] = ['the last good one', '2020-01-01T00:00:00.000Z'];

/** Mulberry32. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

function bytesOf(next: () => number, count: number): Buffer {
  const bytes = Buffer.alloc(count);
  for (let i = 0; i < count; i += 4) bytes.writeUInt32LE(next(), i);
  return bytes;
}

function uuidOf(next: () => number): ArtifactId {
  const bytes = bytesOf(next, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as ArtifactId;
}

/** Appends entries as they would be found: no lease, no fsync, no race. */
class Writer {
  readonly #layout: Layout;
  readonly #store: Store;
  readonly #next: () => number;
  #head: { seq: number; hash: ObjectId };
  #at: number;

  constructor(
    layout: Layout,
    store: Store,
    head: { seq: number; hash: ObjectId },
    next: () => number,
    at: number,
  ) {
    this.#layout = layout;
    this.#store = store;
    this.#head = head;
    this.#next = next;
    this.#at = at;
  }

  get head() {
    return this.#head;
  }
  /** Of the entry that comes. */
  get at() {
    return toTimestamp(this.#at);
  }

  async append({ type, payload }: EntryDraft, ops: readonly LedgerOp[]): Promise<void> {
    const layout = this.#layout;
    const seq = this.#head.seq + 1;
    let named: { ops: LedgerOp[] } | { ops_object: ObjectId } = { ops: [...ops] };
    if (ops.length > MOST_INLINE) {
      const batch = this.#store.batch('bench');
      named = { ops_object: (await batch.addPieces(() => encodeOps(ops))).id };
      await batch.publish();
    }
    const bytes = encodeEntry({
      schema: ENTRY_SCHEMA,
      seq,
      prev: this.#head.hash,
      event_id: uuidOf(this.#next),
      trace_id: uuidOf(this.#next),
      type,
      at: this.at,
      actor: 'human',
      actor_id: 'bench',
      job_id: `job-${seq % 100}`,
      capability_id: 'artifact.create',
      decision: 'allow',
      payload,
      ...named,
    });
    mkdirSync(layout.ledgerDir(seq), { recursive: true, mode: 0o700 });
    writeFileSync(layout.entry(seq), bytes, { mode: 0o444 });
    this.#head = { seq, hash: sha256(bytes) };
    this.#at += 1;
  }
}

/** Makes the store; its root. */
export async function makeStore(request: ScaleRequest): Promise<string> {
  const { dir, artifacts, commits, seed, pinned, expired, env = systemEnvironment() } = request;
  const next = numbers(seed);
  const disk = nodeDisk();
  const ports = { disk, clock: systemClock(), random: systemRandom(), env };
  const actor = { type: 'human', id: 'bench' } as const;
  const backend = await initStore(ports, { workspace: dir, actor, allowSetClock: true });
  const { layout } = backend.parts;
  const store = new Store(backend, ports);
  await store.adopt();
  const writer = new Writer(layout, store, await store.ledger.head(), next, Date.now() - commits - 2);
  const toPin: ArtifactId[] = [];
  let batch = store.batch('bench');
  let [inBatch, made] = [0, 0];
  let before: { id: ArtifactId; hash: ObjectId } | undefined;
  for (let commit = 0; commit < commits; commit++) {
    const ops: LedgerOp[] = [];
    const upTo = Math.floor((artifacts * (commit + 1)) / commits);
    let bytes = 0;
    for (; made < upTo; made++) {
      const payload = await batch.addBytes(bytesOf(next, PAYLOAD_BYTES));
      const isOver = (made * expired) % artifacts < expired;
      const isPinned = !isOver && ((made + 1) * pinned) % artifacts < pinned;
      const series = Math.floor(made / VERSIONS);
      const source = made % DERIVED === 1 ? before : undefined;
      const manifest = toManifest({
        schema: MANIFEST_SCHEMA,
        artifact_id: uuidOf(next),
        revision: 1,
        layer: 'L3',
        kind: KINDS[made % 3],
        payload_type: 'file',
        mime: 'application/octet-stream',
        hash_basis: 'payload_bytes',
        determinism_level: 'bitwise',
        created_at: isOver ? ENDED : writer.at,
        content_hash: payload.id,
        size_bytes: payload.size,
        classification: 'low',
        exportable: true,
        retention_class: made % OF_ANOTHER_CLASS === 0 ? RETENTION_CLASSES[series % 5] : 'result',
        ...(isOver ? { retention_ttl_days: 1 } : {}),
        ...(made % NAMELESS === 0 ? {} : { name: `exp-${series}/model` }),
        filename_hint: `part-${made}.bin`,
        ...(source === undefined
          ? {}
          : {
              source_artifact_refs: [
                {
                  artifact_id: source.id,
                  kind: 'file',
                  uri: `urn:uuid:${source.id}`,
                  content_hash: source.hash,
                  size_bytes: PAYLOAD_BYTES,
                  classification: 'low',
                  exportable: true,
                },
              ],
            }),
        created_by_job_id: `job-${made % 100}`,
      });
      const stored = await batch.addBytes(encodeManifest(manifest));
      ops.push({ op: 'add', ...factsOf(manifest, stored) });
      if (isPinned) toPin.push(manifest.artifact_id);
      before = { id: manifest.artifact_id, hash: payload.id };
      bytes += payload.size;
      if (++inBatch < BATCH) continue;
      await batch.publish();
      batch = store.batch('bench');
      inBatch = 0;
    }
    await writer.append(
      { type: 'artifact_created', payload: { artifacts: ops.length, size_bytes: bytes } },
      ops,
    );
  }
  await batch.publish();
  await writer.append(
    { type: 'pin_changed', payload: { pinned: toPin.length, unpinned: 0 } },
    toPin.map((artifact_id) => ({ op: 'pin', artifact_id, name: 'keep', reason: PINS_REASON })),
  );
  await store.anchor.keep(writer.head);
  await store.close();
  removeSync(layout.cache);
  mkdirSync(layout.cache, { mode: 0o700 });
  return layout.root;
}
