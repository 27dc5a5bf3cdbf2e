import { activePins } from '../../core/catalog/active-pins.js';
import type { Pin } from '../../core/catalog/artifact-record.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { labelOf } from '../../core/manifest/label-of.js';
import type { ArtifactId, Timestamp } from '../../core/objects/ids.js';
import type { Filter } from '../../core/query/condition.js';
import { toReason } from '../../core/text/ledger-text.js';
import { HsError } from '../../errors/hs-error.js';
import { listArtifacts } from '../inspect/list-artifacts.js';
import { completerOf } from '../naming/complete-facts.js';
import { toPinName } from '../naming/pin-name.js';
import { pinCapability } from '../session/pin-capability.js';
import type { Session } from '../session/session.js';

/** One change of a pin; `pin` replaces one of the same name. */
export type PinChange =
  | {
      readonly change: 'pin';
      readonly id: ArtifactId;
      readonly name: string;
      readonly reason?: string | undefined;
      readonly until?: Timestamp | undefined;
    }
  | { readonly change: 'unpin'; readonly id: ArtifactId; readonly name: string };

function toOp(change: PinChange): LedgerOp {
  const { id, name } = change;
  return change.change === 'unpin'
    ? { op: 'unpin', artifact_id: id, name }
    : compact({
        op: 'pin' as const,
        artifact_id: id,
        name,
        reason: toReason(change.reason),
        until: change.until,
      });
}

/**
 * Applies pin changes in one commit, in order, all or none (D1). A pin that has expired already, or an unpin of a name
 * that does not exist, fails all of them.
 */
export async function changePins(session: Session, asked: readonly PinChange[]): Promise<void> {
  if (asked.length === 0) return;
  const now = session.now();
  const changes = asked.map((c) => ({ ...c, name: toPinName(c.name) }));
  for (const c of changes) {
    if (c.change === 'pin' && c.until !== undefined && c.until <= now) {
      throw new HsError('USAGE', `the pin '${c.name}' would end at ${c.until}, which is in the past`);
    }
  }
  const catalog = await session.catalog();
  // A single name other than the actor's own requires the broader capability.
  const name = changes.find((c) => c.name !== session.actor.id)?.name ?? session.actor.id;
  const ids = [...new Set(changes.map((c) => c.id))];
  const capability = await pinCapability(session, catalog, name, ids);
  const pinned = changes.filter((c) => c.change === 'pin').length;
  await session.write(capability, ids, (tx) =>
    tx.commit(async (head) => {
      // Another actor may have set a pin of that name since.
      await session.demand(head, await pinCapability(session, head, name, ids), ids);
      return {
        type: 'pin_changed',
        payload: { pinned, unpinned: changes.length - pinned },
        ops: changes.map(toOp),
      };
    }),
  );
}

export interface PinRow extends Pin {
  readonly artifact_id: ArtifactId;
  /** Label of the pinned artifact: name, else filename hint, else short id. */
  readonly label: string;
  /** Expired: protects nothing. */
  readonly over: boolean;
}

/** Every pin of the live artifacts that match the filters, sorted by pin name, then id. */
export async function listPins(session: Session, filters: readonly Filter[] = []): Promise<PinRow[]> {
  const now = session.now();
  const rows: PinRow[] = [];
  const catalog = await session.catalog();
  const take = (artifact_id: ArtifactId, label: string, pins: readonly Pin[]) => {
    const active = new Set(activePins({ pins }, now));
    for (const pin of pins) rows.push({ ...pin, artifact_id, label, over: !active.has(pin) });
  };
  if (filters.length === 0) {
    for await (const row of catalog.pinned()) take(...row);
  } else {
    const asked = { filters, now, signal: session.signal };
    for await (const record of listArtifacts(catalog, asked, completerOf(session))) {
      take(record.artifact_id, labelOf(record), record.pins);
    }
  }
  return rows.sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : a.artifact_id < b.artifact_id ? -1 : 1,
  );
}
