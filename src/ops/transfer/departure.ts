import type { Catalog } from '../../core/catalog/catalog.js';
import type { ExportRecord } from '../../core/ledger/entry-types.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { recordText } from '../../core/text/ledger-text.js';
import type { HsError } from '../../errors/hs-error.js';
import { exportRefusal } from '../export/decide-export.js';
import { exportJournal } from '../export/export-journal.js';
import { tryToRecord } from '../export/export-ledger.js';
import { type Purpose, purposeFields, purposeOf } from '../export/export-purpose.js';
import { exportRecord, storeFormat } from '../export/export-record.js';
import {
  decideLeaving,
  demanded,
  farObjection,
  type LeavingDecision,
  type Objection,
  overTotals,
  type Totals,
  totalsOf,
} from '../export/leaving.js';
import { type Content, readContent } from '../payload/read-content.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import type { TransferRequest } from './transfer-request.js';

/** An artifact, and the decision about it. */
export interface DecidedArtifact extends LeavingDecision {
  readonly content: Content;
}

/** Nothing is archived, and manifests always go along. */
const CONFIG = { with_manifest: true, mtime: 0 };
const CAPABILITY = 'artifact.export';
/** Reasons in one entry. */
const MOST_REASONS = 100;

/**
 * Decides about a batch in one state of the store it would leave (B5, B6, B8). It is one export: the budget is that of
 * all that may leave.
 */
export async function decideBatch(
  from: Session,
  catalog: Catalog,
  ids: readonly ArtifactId[],
  request: TransferRequest,
  address: string,
): Promise<DecidedArtifact[]> {
  const policy = await from.policy(catalog);
  const common = [...demanded(from, policy, CAPABILITY), ...(await farObjection(from, address))];
  const asked = { consents: request.consents ?? [], target: request.target };
  const decided: DecidedArtifact[] = [];
  const budget = policy.export.budgets[from.actor.type];
  let sum: Totals = { bytes: 0, files: 0 };
  for (const id of ids) {
    from.signal.throwIfAborted();
    const content = await readContent(from.store.objects, (await catalog.get(id))!);
    const leaving = await decideLeaving(from, catalog, policy, content, content.entries ?? [], asked);
    const objections = [...common, ...removedObjection(content), ...leaving.objections];
    if (budget !== undefined && objections.length === 0) {
      const { bytes, files } = totalsOf(content.entries ?? []);
      const next = { bytes: sum.bytes + bytes, files: sum.files + files };
      objections.push(...overTotals(budget, next, 'with those before it in this export, the'));
      if (objections.length === 0) sum = next;
    }
    decided.push({ content, ...leaving, objections });
  }
  return decided;
}

function removedObjection({ record }: Content): Objection[] {
  if (record.removed === undefined) return [];
  return [{ code: 'NOT_FOUND', why: 'it was removed meanwhile', hint: 'hs restore brings it back' }];
}

/** A decision in the ledger. */
interface Recorded {
  readonly exportId: string;
  readonly policyId: ObjectId;
}

/** The side of a transfer that is an export: one decision and one record for a batch (B5, B7). */
export class Departure {
  readonly #from: Session;
  readonly #tx: Transaction;
  readonly #ids: readonly ArtifactId[];
  readonly #request: TransferRequest;
  readonly #address: string;
  readonly #purpose: Purpose;
  /** The exports whose decision may be in the ledger, and whose record is not. */
  readonly #owed = new Set<string>();
  #allowed: readonly DecidedArtifact[] = [];
  /** What decided about those; undefined if there are none. */
  #leaving: Recorded | undefined;

  constructor(
    from: Session,
    tx: Transaction,
    ids: readonly ArtifactId[],
    request: TransferRequest,
    address: string,
  ) {
    this.#from = from;
    this.#tx = tx;
    this.#ids = ids;
    this.#request = request;
    this.#address = address;
    this.#purpose = purposeOf(from, request);
  }

  /** Records what may leave, and what may not, before a byte does. Returns both. */
  async decide(): Promise<{ readonly allowed: readonly Content[]; readonly refused: readonly HsError[] }> {
    let refused: readonly DecidedArtifact[] = [];
    this.#leaving = await this.#record(
      () => this.#allowed,
      async (catalog) => {
        const decided = await decideBatch(this.#from, catalog, this.#ids, this.#request, this.#address);
        this.#allowed = decided.filter((d) => d.objections.length === 0);
        refused = decided.filter((d) => d.objections.length > 0);
      },
    );
    if (refused.length > 0) {
      const staying = await this.#record(
        () => refused,
        async () => undefined,
      );
      await this.#end(staying, refused, 'refused', refused.flatMap(reasonsOf));
    }
    return { allowed: this.#allowed.map((d) => d.content), refused: refused.map(exportRefusal) };
  }

  async #record(
    of: () => readonly DecidedArtifact[],
    decide: (catalog: Catalog) => Promise<void>,
  ): Promise<Recorded | undefined> {
    let recorded: Recorded | undefined;
    const exportId = this.#from.random.uuid();
    const { head } = await this.#from.catalog();
    await this.#tx.lease.journal(exportJournal({ exportId, afterSeq: head.seq, config: CONFIG }));
    await this.#tx.commit(async (catalog) => {
      await decide(catalog);
      const decided = of();
      // Also where some were to leave at an earlier head, and none at this one.
      this.#owed.delete(exportId);
      recorded = undefined;
      if (decided.length === 0) return null;
      this.#owed.add(exportId);
      recorded = { exportId, policyId: catalog.policyId };
      const reasons = decided.flatMap(reasonsOf);
      return {
        type: 'export_decided',
        payload: {
          export_id: exportId,
          artifact_ids: decided.map((d) => d.content.record.artifact_id),
          export_format: 'store',
          export_target: this.#address,
          ...purposeFields(this.#purpose),
          policy_id: catalog.policyId,
          consents: [...new Set(this.#request.consents ?? [])].sort(),
          reasons,
        },
        capability: CAPABILITY,
        decision: reasons.length === 0 ? 'allow' : 'deny',
      };
    });
    return recorded;
  }

  /** Records which of the allowed artifacts arrived. */
  async finish(arrived: ReadonlySet<ArtifactId>, errors: readonly string[]): Promise<void> {
    const done = this.#allowed.filter((d) => arrived.has(d.content.record.artifact_id));
    await this.#end(
      this.#leaving,
      done.length > 0 ? done : this.#allowed,
      done.length > 0 ? 'done' : 'failed',
      errors.slice(0, MOST_REASONS),
    );
  }

  async #end(
    recorded: Recorded | undefined,
    of: readonly DecidedArtifact[],
    outcome: ExportRecord['outcome'],
    errors: readonly string[],
  ): Promise<void> {
    if (recorded === undefined) return;
    const facts = {
      ...recorded,
      createdAt: this.#from.now(),
      actor: this.#from.actor,
      jobId: this.#from.jobId,
      contents: of.map((d) => d.content),
      format: storeFormat(this.#from.store),
      config: CONFIG,
      target: this.#address,
      purpose: this.#purpose,
    };
    const end = { outcome, warnings: [], errors: errors.map((e) => recordText(e)) };
    const isWritten = await tryToRecord(this.#from, async () => {
      await this.#tx.commit(
        () => ({
          type: 'export_record',
          payload: exportRecord(facts, end),
          capability: CAPABILITY,
          decision: outcome === 'refused' ? 'deny' : 'allow',
        }),
        { records: true },
      );
    });
    if (isWritten) this.#owed.delete(recorded.exportId);
  }

  /** Leaves records that could not be written to the next command. */
  release(): void {
    if (this.#owed.size > 0) this.#tx.lease.abandon();
  }
}

function reasonsOf({ content, objections }: DecidedArtifact, at: number): string[] {
  if (at >= MOST_REASONS) return [];
  const id = content.record.artifact_id.slice(0, 8);
  return objections.map((o) => recordText(`${id}: ${o.why}`));
}
