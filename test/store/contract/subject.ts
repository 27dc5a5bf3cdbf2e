import { expect } from 'vitest';
import { noProgress } from '../../../src/core/effects.js';
import { ENTRY_SCHEMA, encodeEntry, type LedgerEntry } from '../../../src/core/ledger/entry.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import { type ObjectId, toTimestamp } from '../../../src/core/objects/ids.js';
import type { Backend } from '../../../src/store/port/backend.js';
import type { InventoryRequest } from '../../../src/store/port/inventory.js';
import type { Lease } from '../../../src/store/port/lease-table.js';
import type { ByteSource } from '../../../src/store/port/object-batch.js';
import type { SweepRules, TrashBatch, TrashWindow, Working } from '../../../src/store/port/reclaimer.js';

/** A backend under test, as two processes see it, with what is done behind its back. */
export interface Subject {
  readonly backend: Backend;
  /** The same store, seen by another process. */
  readonly other: Backend;
  /** Gives an object in use other bytes. */
  damage(id: ObjectId, bytes: Uint8Array): Promise<void>;
  /** Takes an entry away. */
  loseEntry(seq: number): Promise<void>;
}

export interface Implementation {
  readonly name: string;
  make(): Promise<Subject>;
  /** Whether the other process is on another machine. */
  readonly apart?: boolean;
}

export const T0 = toTimestamp(Date.parse('2026-06-01T00:00:00.000Z'));
export const bytesOf = (text: string) => Buffer.from(text);
export const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();
export const entry = (seq: number) => ({ seq, event_id: '00000000-0000-4000-8000-000000000000' });

/** In pieces that are shorter than what is asked for. */
export function sourceOf(bytes: Uint8Array, failAt = Number.POSITIVE_INFINITY): ByteSource {
  return {
    read: async (buffer, position) => {
      if (position >= failAt) throw new Error('the source failed');
      const part = bytes.subarray(position, position + Math.min(buffer.length, 700_000));
      buffer.set(part);
      return part.length;
    },
  };
}

/** A lease whose command died, with what it staged and journaled. */
export async function dead(backend: Backend, stage: readonly string[] = []): Promise<string> {
  const lease = await backend.leases.take();
  const batch = backend.batch(lease.token);
  for (const text of stage) await batch.addSource(sourceOf(bytesOf(text)));
  await lease.journal({ doing: 'something' });
  lease.abandon();
  await lease.release();
  return lease.token;
}

export async function under<T>(backend: Backend, run: (lease: Lease) => Promise<T>): Promise<T> {
  const lease = await backend.leases.take();
  try {
    return await run(lease);
  } finally {
    await lease.release();
  }
}

export async function store(backend: Backend, ...texts: string[]): Promise<ObjectId[]> {
  return under(backend, async ({ token }) => {
    const batch = backend.batch(token);
    const ids: ObjectId[] = [];
    for (const text of texts) ids.push((await batch.addBytes(bytesOf(text))).id);
    await batch.publish();
    await batch.discard();
    return ids;
  });
}

/** Every object that is listed, with where it lies and how long it is. */
export async function listed(backend: Backend, request: InventoryRequest = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const group of backend.inventory.groups({ sizes: true, ...request })) {
    for (const { id, size } of group.objects) {
      found.push(`${id.slice(0, 8)} ${group.batch === undefined ? 'in use' : 'trash'} ${size}`);
    }
  }
  return found.sort();
}

export const row = (id: ObjectId, where: string, size: number) => `${id.slice(0, 8)} ${where} ${size}`;

function working(backend: Backend, leases: Lease[]): Working {
  return {
    progress: noProgress,
    staging: async () => {
      const lease = await backend.leases.take();
      leases.push(lease);
      return lease.token;
    },
  };
}

/** Runs a step of a collection, and gives back the lease that it took. */
export async function collecting<T>(backend: Backend, run: (working: Working) => Promise<T>): Promise<T> {
  const leases: Lease[] = [];
  try {
    return await run(working(backend, leases));
  } finally {
    for (const lease of leases) await lease.release();
  }
}

/** Takes objects out of use; the batches, sealed. */
export async function takeOut(
  backend: Backend,
  ids: readonly ObjectId[],
  windowOf: (id: ObjectId) => TrashWindow = () => 'kept',
  older: readonly TrashBatch[] = [],
  leaves: SweepRules['leaves'] = () => false,
): Promise<TrashBatch[]> {
  const gone = new Set(ids);
  return collecting(backend, async (work) => {
    const unused = [];
    for await (const group of backend.inventory.groups({ where: 'in use', unlistable: () => undefined })) {
      const of = [...group.objects].map((o) => o.id).filter((id) => gone.has(id));
      if (of.length > 0) unused.push({ group, ids: of });
    }
    const verdict = { isInUse: (id: ObjectId) => !gone.has(id), windowOf, sizeOf: () => undefined, leaves };
    const { batches } = await backend.reclaimer.moveToTrash(unused, verdict, older, T0, work);
    const sealed: TrashBatch[] = [];
    for (const batch of batches) {
      sealed.push(await backend.reclaimer.seal(batch, { sealed_at: T0, leases: [] }));
    }
    return sealed;
  });
}

/** Erases a batch, after the ledger has condemned what that needs. */
export const erase = (
  backend: Backend,
  batch: TrashBatch,
  inUse: ReadonlySet<ObjectId> = new Set(),
  counted = new Set<ObjectId>(),
) =>
  collecting(backend, async (work) => {
    const isInUse = (id: ObjectId) => inUse.has(id);
    const goes = async () => (id: ObjectId) => !isInUse(id);
    const keys = (await backend.reclaimer.toCondemn?.([batch], goes, work)) ?? [];
    if (keys.length > 0) await condemn(backend, keys);
    return backend.reclaimer.erase(batch, { isInUse, isLast: () => false, counted, broughtBack: 0 }, work);
  });

async function condemn({ ledger }: Backend, keys: readonly string[]): Promise<void> {
  const head = await ledger.headSeq();
  const entry: LedgerEntry = {
    schema: ENTRY_SCHEMA,
    seq: head + 1,
    prev: sha256((await ledger.read(head)) as Uint8Array),
    event_id: '00000000-0000-4000-8000-000000000000',
    trace_id: '00000000-0000-4000-8000-000000000000',
    type: 'objects_condemned',
    at: T0,
    actor: 'human',
    actor_id: 'tester',
    payload: { keys: [...keys] },
  };
  expect(await ledger.append(entry, encodeEntry(entry), 'a'.repeat(24))).toBe('appended');
}

/** What is promised, and what shows it. */
export type Promised = readonly [promise: string, keep: (subject: Subject) => Promise<void>];
