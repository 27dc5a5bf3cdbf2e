import type { Catalog, Head } from '../../core/catalog/catalog.js';
import { checkNewOperations } from '../../core/catalog/check-new-operations.js';
import { canonicalBytes } from '../../core/json/canonical.js';
import { compact } from '../../core/json/omit-undefined.js';
import {
  checkPayload,
  decodeEntry,
  ENTRY_SCHEMA,
  type EntryDraft,
  encodeEntry,
  type LedgerEntry,
} from '../../core/ledger/entry.js';
import { type LedgerOp, withoutFacts2 } from '../../core/ledger/operation.js';
import { MOST_PACKS } from '../../core/ledger/pack-places.js';
import { toTimestamp } from '../../core/objects/ids.js';
import type { Actor } from '../../core/policy/authorize.js';
import { HsError } from '../../errors/hs-error.js';
import { hasFeature } from '../port/format.js';
import type { ObjectBatch } from '../port/object-batch.js';
import type { Store } from '../store.js';
import { encodeOps } from './operations-object.js';

/**
 * Size up to which a payload or operation list stays in the entry; a larger one becomes an object that the entry
 * names.
 */
const INLINE_BYTES = 24 * 1024;
/** How long lost races are retried, in system time and not in attempts. */
const PATIENCE_MS = 60_000;
/** Objects named by the ledger are files, or large ones packs of their own: the state needs no other object. */
const APART = { apart: true };

/** Actor, job, trace id and clock of a commit. */
export interface CommitContext {
  readonly actor: Actor;
  readonly jobId?: string;
  readonly traceId: string;
  /** The overriding clock in milliseconds, if one is set. */
  readonly setClock?: number;
}

/** Builds the entry for the state at the head; called again after each lost race. Null: nothing to commit. */
export type BuildDraft = (catalog: Catalog) => EntryDraft | null | Promise<EntryDraft | null>;

/** As it is recorded in a store without the feature `facts-2`. */
function asOfFirst(op: LedgerOp): LedgerOp {
  return op.op === 'add' || op.op === 'revise' ? withoutFacts2(op) : op;
}

async function toParts(store: Store, draft: EntryDraft, batch: ObjectBatch) {
  const payload = checkPayload(draft.type, draft.payload);
  const payloadBytes = canonicalBytes(payload);
  const asked = draft.ops ?? [];
  const ops = hasFeature(store.format, 'facts-2') ? asked : asked.map(asOfFirst);
  const opsInline = ops.length <= 100 && canonicalBytes(ops).byteLength <= INLINE_BYTES;
  return {
    ...(payloadBytes.byteLength <= INLINE_BYTES
      ? { payload }
      : { payload_object: (await batch.addBytes(payloadBytes, APART)).id }),
    ...(ops.length === 0
      ? {}
      : opsInline
        ? { ops: [...ops] }
        : { ops_object: (await batch.addPieces(() => encodeOps(ops))).id }),
  };
}

/** D10: a fast clock would expire pins and windows that are still open. */
function checkSetClock(store: Store, draft: EntryDraft, context: CommitContext, now: number): void {
  if (context.setClock === undefined || context.setClock <= now || store.format.allow_set_clock) return;
  if (!draft.ops?.some((op) => op.op === 'remove')) return;
  throw new HsError('REFUSED', 'cannot remove anything with a clock set ahead of the system clock', {
    hint: 'create a store for tests with: hs init --allow-set-clock',
  });
}

type Made = NonNullable<Awaited<ReturnType<typeof make>>>;

/** What is to be appended after the head of this state, its objects durable; undefined: nothing. */
async function make(
  store: Store,
  batch: ObjectBatch,
  context: CommitContext,
  catalog: Catalog,
  build: BuildDraft,
) {
  const draft = await build(catalog);
  if (draft === null) return undefined;
  const now = store.effects.clock.now();
  checkSetClock(store, draft, context, now);
  await checkNewOperations(catalog, draft.ops ?? [], toTimestamp(context.setClock ?? now));
  const parts = await toParts(store, draft, batch);
  const { packs } = await batch.publish(catalog.head.seq);
  return { draft, now, parts, packs };
}

/** A head that was read after the newest one was confirmed is before it, or another. */
function rolledBack({ seq }: Head): HsError {
  return new HsError(
    'ROLLED_BACK',
    `the ledger was truncated or replaced meanwhile: it ends at entry ${seq}`,
    {
      hint: 'run hs ledger verify',
    },
  );
}

/**
 * Appends one entry: makes its objects durable, then the entry. Everything the entry names must be in `batch`.
 * Returns undefined when `build` had nothing to commit. Once `signal` is aborted, nothing is appended and its reason is
 * thrown. CONFLICT after losing races for a minute, ROLLED_BACK when entries that were there are gone.
 */
export async function commit(
  store: Store,
  batch: ObjectBatch,
  context: CommitContext,
  build: BuildDraft,
  signal?: AbortSignal,
): Promise<LedgerEntry | undefined> {
  const { clock, random, trace } = store.effects;
  store.demandWritable();
  const started = clock.now();
  let wasAssumed = false;
  const isConfirmed = async (head: Head) => {
    if (await store.anchor.confirm(head)) return true;
    if (wasAssumed) throw rolledBack(head);
    wasAssumed = true;
    return false;
  };
  for (;;) {
    const catalog = await store.catalog(signal);
    let made: Made | undefined;
    try {
      made = await make(store, batch, context, catalog, build);
    } catch (e) {
      if (await isConfirmed(catalog.head)) throw e;
      continue;
    }
    if (!(await isConfirmed(catalog.head))) continue;
    if (made === undefined) return undefined;
    signal?.throwIfAborted();
    const { draft, now, parts, packs } = made;
    const bytes = encodeEntry(
      compact({
        schema: ENTRY_SCHEMA as typeof ENTRY_SCHEMA,
        seq: catalog.head.seq + 1,
        prev: catalog.head.hash,
        event_id: random.uuid(),
        trace_id: context.traceId,
        type: draft.type,
        at: toTimestamp(now),
        set_clock: context.setClock === undefined ? undefined : toTimestamp(context.setClock),
        actor: context.actor.type,
        actor_id: context.actor.id,
        job_id: context.jobId,
        capability_id: draft.capability,
        decision: draft.decision,
        ...parts,
        packs: packs.length > 0 && packs.length <= MOST_PACKS ? [...packs] : undefined,
      }),
    );
    // Never append an entry that readers would refuse: nobody could read past it or append after it.
    const entry = decodeEntry(bytes);
    if (await store.ledger.append(entry, bytes, batch.lease)) {
      await store.anchor.remember(entry.seq, bytes);
      trace?.({ event: 'entry', seq: entry.seq, type: entry.type, event_id: entry.event_id });
      return entry;
    }
    if (clock.now() - started > PATIENCE_MS) {
      throw new HsError('CONFLICT', 'lost the race to append to the ledger for a minute', {
        hint: 'run the command again',
      });
    }
  }
}
