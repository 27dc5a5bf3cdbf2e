import { HsError } from '../../errors/hs-error.js';
import type { LedgerOp } from '../ledger/operation.js';
import type { ArtifactId, Timestamp } from '../objects/ids.js';
import { activePins } from './active-pins.js';
import type { Pin } from './artifact-record.js';
import type { Catalog } from './catalog.js';

/** The state of one artifact while the operations of an entry are checked. */
interface ArtifactState {
  readonly removed: boolean;
  /** Removed without a trash window. */
  readonly purged?: boolean;
  readonly revision: number;
  readonly pins: readonly Pin[];
}

/** One for all new artifacts: an entry may have a million. */
const FIRST: ArtifactState = { removed: false, revision: 1, pins: [] };

function notFound(id: ArtifactId, state: ArtifactState | undefined): HsError {
  if (state === undefined) return new HsError('NOT_FOUND', `artifact '${id}' does not exist`);
  return new HsError('NOT_FOUND', `artifact '${id}' no longer exists`, {
    hint: state.purged ? 'it was removed for good' : `hs restore ${id.slice(0, 8)}`,
  });
}

class Overlay {
  readonly #catalog: Catalog;
  readonly #changed = new Map<ArtifactId, ArtifactState>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  async get(id: ArtifactId): Promise<ArtifactState | undefined> {
    const changed = this.#changed.get(id);
    if (changed !== undefined) return changed;
    const record = await this.#catalog.get(id);
    return (
      record && {
        removed: record.removed !== undefined,
        purged: record.removed?.purge === true,
        revision: record.revision,
        pins: record.pins,
      }
    );
  }

  async live(id: ArtifactId): Promise<ArtifactState> {
    const state = await this.get(id);
    if (state === undefined || state.removed) throw notFound(id, state);
    return state;
  }

  set(id: ArtifactId, state: ArtifactState): void {
    this.#changed.set(id, state);
  }
}

/**
 * Checks that the operations of a new entry are valid in order on top of the state at the head: an entry that the fold
 * refuses could never be undone. Runs inside the compare-and-swap, so that the chain serializes a pin and a removal (D1:
 * a pin wins over every command).
 */
export async function checkNewOperations(
  catalog: Catalog,
  ops: readonly LedgerOp[],
  now: Timestamp,
): Promise<void> {
  const state = new Overlay(catalog);
  for (const op of ops) if (op.op !== 'set_policy') await checkOp(state, op, now);
}

async function checkOp(
  state: Overlay,
  op: Exclude<LedgerOp, { op: 'set_policy' }>,
  now: Timestamp,
): Promise<void> {
  const id = op.artifact_id;
  switch (op.op) {
    case 'add':
      if (await state.get(id)) throw new HsError('CONFLICT', `artifact '${id}' exists already`);
      state.set(id, op.revision === 1 ? FIRST : { ...FIRST, revision: op.revision });
      break;
    case 'revise': {
      const before = await state.live(id);
      if (op.revision !== before.revision + 1) {
        throw new HsError('CONFLICT', `artifact '${id}' was changed by another command`, {
          hint: 'check it, then run the command again',
        });
      }
      state.set(id, { ...before, revision: op.revision });
      break;
    }
    case 'pin': {
      const before = await state.live(id);
      const pin: Pin = {
        name: op.name,
        actor: '',
        at: now,
        ...(op.until === undefined ? {} : { until: op.until }),
      };
      state.set(id, { ...before, pins: [...before.pins.filter((p) => p.name !== op.name), pin] });
      break;
    }
    case 'unpin': {
      const before = await state.live(id);
      const pins = before.pins.filter((p) => p.name !== op.name);
      if (pins.length === before.pins.length) {
        throw new HsError('NOT_FOUND', `artifact '${id}' has no pin '${op.name}'`, {
          hint: 'hs pins lists all pins',
        });
      }
      state.set(id, { ...before, pins });
      break;
    }
    case 'remove': {
      const before = await state.live(id);
      const pins = activePins(before, now);
      if (pins.length > 0) {
        throw new HsError('PINNED', `artifact '${id}' is pinned by '${pins[0]!.name}'`, {
          hint: `hs unpin ${id.slice(0, 8)} --name ${pins[0]!.name}`,
        });
      }
      state.set(id, { ...before, removed: true, pins: [] });
      break;
    }
    case 'restore': {
      const before = await state.get(id);
      if (before === undefined) throw new HsError('NOT_FOUND', `artifact '${id}' does not exist`);
      if (!before.removed) throw new HsError('CONFLICT', `artifact '${id}' is not removed`);
      state.set(id, { ...before, removed: false });
    }
  }
}
