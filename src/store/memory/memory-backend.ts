import type { Random } from '../../core/effects.js';
import { type DoctorCheck, ok, warning } from '../../core/health-check.js';
import type { Disk } from '../../fsx/disk.js';
import type { Backend } from '../port/backend.js';
import { HINT_REPAIR, type RepairableFinding } from '../port/finding.js';
import type { Format } from '../port/format.js';
import type { LocalSide } from '../port/local-side.js';
import type { ObjectBatch } from '../port/object-batch.js';
import { MemoryBatch } from './memory-batch.js';
import { MemoryInventory } from './memory-inventory.js';
import { MemoryLeases } from './memory-leases.js';
import { MemoryLedger } from './memory-ledger.js';
import { MemoryObjects } from './memory-objects.js';
import { MemoryReclaimer } from './memory-reclaimer.js';
import type { MemoryProcess, MemoryState } from './memory-state.js';

/** What a process supplies to a store in memory. */
export interface MemoryPorts {
  readonly process: MemoryProcess;
  readonly random: Random;
  readonly uid: number;
  /** Where runs have their directories: a store in memory has no disk of its own. */
  readonly disk: Disk;
}

/** A store in memory, as seen by one of the processes that share it. */
export class MemoryBackend implements Backend {
  readonly format: Format;
  readonly formatBytes: Uint8Array;
  readonly ledger: MemoryLedger;
  readonly objects: MemoryObjects;
  readonly reclaimer: MemoryReclaimer;
  readonly leases: MemoryLeases;
  readonly inventory: MemoryInventory;
  readonly index = undefined;
  readonly local: LocalSide;
  readonly #state: MemoryState;
  readonly #process: MemoryProcess;

  constructor(state: MemoryState, { process, random, uid, disk }: MemoryPorts) {
    this.#state = state;
    this.#process = process;
    this.format = state.format;
    this.formatBytes = state.formatBytes;
    this.ledger = new MemoryLedger(state, process);
    this.objects = new MemoryObjects(state, process);
    this.reclaimer = new MemoryReclaimer(state, process, random);
    this.leases = new MemoryLeases(state, process, random, uid);
    this.inventory = new MemoryInventory(state, process);
    this.local = localSide(state, disk);
  }

  batch(lease: string): ObjectBatch {
    return new MemoryBatch(this.#state, this.#process, lease);
  }

  /** Nothing to check: this program created it. */
  async checkStructure(): Promise<void> {}

  async check(): Promise<RepairableFinding[]> {
    const leases = new Set(await this.leases.list());
    const unclaimed = (await this.inventory.staged()).filter(({ lease }) => !leases.has(lease));
    return unclaimed.map(({ name, lease }) => ({
      severity: 'leftover',
      subject: name,
      message: `${name} was staged by a dead command`,
      hint: HINT_REPAIR,
      repair: {
        action: 'remove',
        subject: name,
        run: async () => {
          await this.leases.discardUnclaimed();
          return !(await this.inventory.staged()).some((staged) => staged.lease === lease);
        },
      },
    }));
  }

  async examine(): Promise<DoctorCheck[]> {
    const found = 'the memory of a program: what is stored here is gone when it ends';
    return [warning('filesystem', found, 'make a store in a directory: hs init')];
  }

  async tryOut(): Promise<DoctorCheck[]> {
    return [ok('writable', 'it is memory')];
  }

  async close(): Promise<void> {}
}

function localSide(state: MemoryState, disk: Disk): LocalSide {
  const { workspace } = state;
  const none = 'a store in memory is not met again';
  return {
    workspace,
    directory: `${workspace}/.hsstore`,
    trust: {
      place: undefined,
      isKnown: async () => true,
      isAccepted: async () => state.accepted !== undefined,
      acceptedOutputRoot: async () => state.accepted?.outputRoot,
      isUnrecorded: async () => false,
      note: async () => true,
      accept: async (outputRoot) => {
        state.accepted = { outputRoot };
        return true;
      },
    },
    anchor: {
      path: undefined,
      unkept: none,
      lost: none,
      look: async () => state.seen,
      write: async (head) => {
        state.seen = head;
        return true;
      },
      isWritable: async () => true,
    },
    runs: { disk, pathOf: (lease) => `${workspace}/hs-run-${lease}` },
  };
}
