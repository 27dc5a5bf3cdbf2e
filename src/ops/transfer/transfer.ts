import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { HsError, isHsError, messageOf } from '../../errors/hs-error.js';
import { checkStored } from '../bundle/check-stored.js';
import { exportRefusal } from '../export/decide-export.js';
import type { Session } from '../session/session.js';
import { lacksCapability, type Transaction } from '../session/transaction.js';
import { type Arriving, register } from './arrival.js';
import { BATCH_LIMITS, chooseArtifacts } from './choose-artifacts.js';
import { type Compared, compareStores, transferred } from './compare-stores.js';
import { ObjectCopier } from './copy-payload.js';
import { Departure, decideBatch } from './departure.js';
import { attempted, type TransferRequest, type TransferResult } from './transfer-request.js';

/**
 * Copies artifacts from one store to another under their ids (H5). Leaving is an export, decided and recorded in the
 * store that they leave (B5, B6, B7); arriving is an import of hostile input (C3). In batches, each registered in one
 * entry after all its objects: after an interruption, the next transfer continues. Artifacts that are there already are
 * left as they are, unless they are stricter here; then no bytes leave.
 */
export async function* transfer(
  from: Session,
  to: Session,
  request: TransferRequest,
  limits = BATCH_LIMITS,
): AsyncGenerator<TransferResult, void> {
  refuseSelf(from, to);
  for (const ids of await chooseArtifacts(await from.catalog(), request, limits)) {
    const compared = await compareStores(await from.catalog(), await to.catalog(), ids);
    yield* compared.settled;
    if (compared.fresh.length > 0) {
      yield* await from.writeDecided((leaving) => arrive(from, to, compared, request, leaving));
    } else if (compared.laxer.length > 0) yield* await arrive(from, to, compared, request);
  }
}

/** The results that a transfer would have, without writing to either store (D5). */
export async function* planTransfer(
  from: Session,
  to: Session,
  request: TransferRequest,
): AsyncGenerator<TransferResult, void> {
  refuseSelf(from, to);
  if (!(await to.isAllowed(await to.catalog(), 'bundle.import')))
    throw lacksCapability(to.actor, { capability: 'bundle.import', subjects: [] });
  for (const ids of await chooseArtifacts(await from.catalog(), request, BATCH_LIMITS)) {
    const [here, there] = [await from.catalog(), await to.catalog()];
    const { fresh, laxer, settled } = await compareStores(here, there, ids);
    yield* settled;
    for (const record of laxer) yield { artifact: transferred(record, { present: true, tightened: true }) };
    const freshIds = fresh.map((r) => r.artifact_id);
    for (const decided of await decideBatch(from, here, freshIds, request, to.address)) {
      if (decided.objections.length > 0) yield { error: exportRefusal(decided) };
      else yield { artifact: transferred(decided.content.record) };
    }
  }
}

function refuseSelf(from: Session, to: Session): void {
  if (from.store.id !== to.store.id) return;
  throw new HsError('USAGE', `'${to.address}' is the same store as '${from.address}', or a copy of it`, {
    hint: 'hs init makes another store',
  });
}

/** One batch, under a lease of each store. */
function arrive(
  from: Session,
  to: Session,
  { fresh, laxer }: Compared,
  request: TransferRequest,
  leaving?: Transaction,
): Promise<TransferResult[]> {
  const { ttl } = request;
  return to.write('bundle.import', [], async (tx) => {
    const arrivals = { laxer, fromStore: from.store.id, ttl };
    if (leaving === undefined) return [...(await register(to, tx, { ...arrivals, fresh: [] })).values()];
    const ids = fresh.map((r) => r.artifact_id);
    const departure = new Departure(from, leaving, ids, request, to.address);
    try {
      const { allowed, refused } = await departure.decide();
      const results: TransferResult[] = refused.map((error) => ({ error }));
      const errors: string[] = [];
      const arrived = new Set<ArtifactId>();
      let offered: readonly Arriving[] = [];
      try {
        const records = allowed.map((c) => c.record);
        const copied = await copy(from, to, tx, records);
        const failed = copied.filter((c) => c instanceof HsError);
        errors.push(...failed.map((e) => e.message));
        offered = copied.filter((c): c is Arriving => !(c instanceof HsError));
        to.progress.start('committing');
        const registered = await register(to, tx, { ...arrivals, fresh: offered });
        results.push(...failed.map((error) => ({ error })), ...registered.values());
        for (const [id, result] of registered) {
          if ('artifact' in result) arrived.add(id);
          else errors.push(result.error.message);
        }
      } catch (e) {
        errors.push(messageOf(e));
        // Registered, though perhaps not durably: what was offered may be there.
        if (isHsError(e, 'OUTCOME_UNKNOWN'))
          for (const { record } of offered) arrived.add(record.artifact_id);
        throw e;
      } finally {
        await departure.finish(arrived, errors);
        to.progress.done();
      }
      return results;
    } finally {
      departure.release();
    }
  });
}

async function copy(
  from: Session,
  to: Session,
  tx: Transaction,
  records: readonly ArtifactRecord[],
): Promise<(Arriving | HsError)[]> {
  const checked: (Arriving | HsError)[] = [];
  for (const record of records) {
    from.signal.throwIfAborted();
    checked.push(
      await attempted(async () => ({ record, member: await checkStored(from.store.objects, record) })),
    );
  }
  const members = checked.flatMap((c) => (c instanceof HsError ? [] : [c.member]));
  const copier = await ObjectCopier.of(members, from, to, tx.batch);
  const total = members.reduce((sum, { manifest }) => sum + manifest.size_bytes, 0);
  to.progress.start('copying', total, 'bytes');
  const copied: (Arriving | HsError)[] = [];
  for (const one of checked) {
    copied.push(
      one instanceof HsError
        ? one
        : await attempted(async () => {
            await copier.payload(one.member);
            return one;
          }),
    );
  }
  return copied;
}
