import { HsError } from '../errors/hs-error.js';
import type { Catalog } from './catalog.js';
import type { ArtifactId, Timestamp } from './ids.js';
import type { LedgerOp } from './ledger-op.js';
import type { ArtifactRecord, Pin } from './record.js';

/** Pins that hold at that time (D1: a pin may end). */
export function activePins(record: Pick<ArtifactRecord, 'pins'>, now: Timestamp): readonly Pin[] {
  return record.pins.filter((p) => p.until === undefined || p.until > now);
}

function live(catalog: Catalog, id: ArtifactId): ArtifactRecord {
  const record = catalog.get(id);
  if (record === undefined || record.removed !== undefined) {
    throw new HsError(
      'NOT_FOUND',
      `artifact '${id}' is not there${record === undefined ? '' : ' any more'}`,
      {
        ...(record === undefined ? {} : { hint: `hs restore ${id.slice(0, 8)}` }),
      },
    );
  }
  return record;
}

/**
 * Whether the operations are valid in the state at the head they will follow; this runs inside the
 * compare-and-swap, so a pin and a removal are serialized by the chain (D1: a pin wins, whatever
 * command removes).
 */
export function checkOps(catalog: Catalog, ops: readonly LedgerOp[], now: Timestamp): void {
  const added = new Set<ArtifactId>();
  const restored = new Set<ArtifactId>();
  for (const op of ops) {
    switch (op.op) {
      case 'add':
        if (catalog.get(op.artifact_id) || added.has(op.artifact_id)) {
          throw new HsError('CONFLICT', `artifact '${op.artifact_id}' is there already`);
        }
        added.add(op.artifact_id);
        break;
      case 'revise': {
        const before = live(catalog, op.artifact_id);
        if (op.revision !== before.revision + 1) {
          throw new HsError('CONFLICT', `artifact '${op.artifact_id}' was changed meanwhile`, {
            hint: 'look at it again, then repeat the command',
          });
        }
        break;
      }
      case 'pin':
        if (!restored.has(op.artifact_id) && !added.has(op.artifact_id)) live(catalog, op.artifact_id);
        break;
      case 'unpin': {
        const record = live(catalog, op.artifact_id);
        if (!record.pins.some((p) => p.name === op.name)) {
          throw new HsError('NOT_FOUND', `artifact '${op.artifact_id}' has no pin '${op.name}'`, {
            hint: 'hs pins lists them',
          });
        }
        break;
      }
      case 'remove': {
        const record = live(catalog, op.artifact_id);
        if (record.layer === 'L1') {
          throw new HsError('LAYER', `artifact '${op.artifact_id}' is frozen (L1): it is never removed`);
        }
        const pins = activePins(record, now);
        if (pins.length > 0) {
          throw new HsError('PINNED', `artifact '${op.artifact_id}' is pinned by '${pins[0]!.name}'`, {
            hint: `hs unpin ${op.artifact_id.slice(0, 8)} --name ${pins[0]!.name}`,
          });
        }
        break;
      }
      case 'restore': {
        const record = catalog.get(op.artifact_id);
        if (record === undefined)
          throw new HsError('NOT_FOUND', `artifact '${op.artifact_id}' was never here`);
        if (record.removed === undefined) {
          throw new HsError('CONFLICT', `artifact '${op.artifact_id}' is not removed`);
        }
        restored.add(op.artifact_id);
        break;
      }
      case 'set_policy':
    }
  }
}
