import type { Clock, Random } from '../../core/effects.js';
import { type DoctorCheck, ok } from '../../core/health-check.js';
import { sha256 } from '../../core/objects/hash.js';
import type { LocalPorts } from '../local/local-backend.js';
import { StateDir } from '../local/state-dir.js';
import { TrustFile } from '../local/store-trust.js';
import { ObjectStore } from '../objects/object-store.js';
import type { Backend } from '../port/backend.js';
import type { CatalogIndex } from '../port/catalog-index.js';
import type { RepairableFinding } from '../port/finding.js';
import type { Format } from '../port/format.js';
import type { LeaseTable } from '../port/lease-table.js';
import type { LocalSide } from '../port/local-side.js';
import type { ObjectBatch } from '../port/object-batch.js';
import type { S3Client } from './client/s3-client.js';
import { Condemnations } from './condemnations.js';
import { Fetcher } from './fetcher.js';
import type { FirstLook } from './first-look.js';
import { parseContentKey } from './keys.js';
import type { KnownFormat } from './known-format.js';
import type { Mirror } from './mirror.js';
import { OfflineLedger } from './offline-ledger.js';
import { probeService } from './probe-service.js';
import { S3Batch } from './s3-batch.js';
import { S3Inventory } from './s3-inventory.js';
import { S3Ledger } from './s3-ledger.js';
import { S3Objects } from './s3-objects.js';
import type { S3Parts } from './s3-parts.js';
import { S3Reclaimer } from './s3-reclaimer.js';
import { S3Trash } from './s3-trash.js';

/**
 * A store on an S3 service (`man hs-s3`). Leases, journals, the index and the directories of runs are in its mirror on
 * this machine; a lease decides nothing about the safety of objects.
 */
export class S3Backend implements Backend {
  readonly format: Format;
  readonly formatBytes: Uint8Array;
  readonly ledger: S3Ledger;
  readonly objects: S3Objects;
  readonly reclaimer: S3Reclaimer;
  readonly leases: LeaseTable;
  readonly inventory: S3Inventory;
  readonly index: CatalogIndex | undefined;
  readonly local: LocalSide;
  readonly parts: S3Parts;
  readonly #random: Random;
  readonly #clock: Clock;

  constructor(
    client: S3Client,
    mirror: Mirror,
    known: KnownFormat,
    { disk, random, env, clock, offline }: LocalPorts & { readonly clock: Clock; readonly offline: boolean },
    first?: FirstLook,
  ) {
    this.#clock = clock;
    const { format, formatBytes, leases, index, local } = mirror.local;
    this.#random = random;
    this.format = format;
    this.formatBytes = formatBytes;
    const fetcher = new Fetcher(client, mirror);
    const trash = new S3Trash(client);
    const onLedger: ConstructorParameters<typeof S3Ledger> = [
      client,
      mirror,
      (bytes) => fetcher.note(bytes),
      () => known.demandSame(client, formatBytes),
      first,
    ];
    this.ledger = offline ? new OfflineLedger(local.anchor, ...onLedger) : new S3Ledger(...onLedger);
    fetcher.expectPolicy(first?.first);
    this.objects = new S3Objects(mirror, fetcher, trash, () => condemned);
    const verified = new ObjectStore(this.objects);
    const condemned = new Condemnations(this.ledger, (id, most) => verified.read(id, most));
    this.parts = { client, mirror, ledger: this.ledger, condemned, fetcher, trash, objects: this.objects };
    this.reclaimer = new S3Reclaimer(this.parts, random);
    this.inventory = new S3Inventory(this.parts);
    this.leases = leases;
    this.index = index;
    // The place on the service is what a device and an inode are to a directory.
    const place = BigInt(`0x${sha256(Buffer.from(client.place)).slice(0, 15)}`);
    const state = new StateDir(disk, random, env);
    this.local = {
      ...local,
      workspace: env.cwd,
      trust: new TrustFile(state, format.store_id, client.place, { dev: 0n, ino: place }),
    };
  }

  batch(lease: string): ObjectBatch {
    return new S3Batch(this.parts, lease);
  }

  /** Nothing to check but the chain, which is read next. */
  async checkStructure(): Promise<void> {}

  /** What commands left in the mirror. */
  check(): Promise<RepairableFinding[]> {
    return this.parts.mirror.local.check();
  }

  async examine(): Promise<DoctorCheck[]> {
    const { client, mirror } = this.parts;
    return [ok('service', client.place), ok('mirror', mirror.layout.root)];
  }

  tryOut(): Promise<DoctorCheck[]> {
    return probeService(this.parts.client, this.#random);
  }

  async close(): Promise<void> {
    const { mirror, client, fetcher } = this.parts;
    const { state } = this.ledger;
    const steps = [
      () => fetcher.expected(),
      () => this.ledger.confirm(),
      () => state.keep(),
      () => this.#dropCondemned(),
      () => mirror.removeLeftovers(this.#clock.now()),
      () => this.#trim(),
      // What was dropped is noted in it.
      () => state.keep(),
    ];
    // Each for itself: what one cannot do, the next command does, and what this command did stands.
    try {
      for (const step of steps) {
        await step().catch((e) => {
          if (!client.isOutside(e)) throw e;
        });
      }
    } finally {
      await this.#end();
    }
  }

  async #end(): Promise<void> {
    const { mirror, client } = this.parts;
    try {
      await mirror.local.close();
    } finally {
      client.close();
    }
  }

  /** Whether no command on this machine has a lease: one that has may be using anything in the mirror. */
  async #isIdle(): Promise<boolean> {
    return (await this.leases.list()).length === 0;
  }

  /** Removes from the mirror what is too much, unless a command here may be using it: that command does it. */
  async #trim(): Promise<void> {
    if (await this.#isIdle()) await this.parts.mirror.trim(() => this.#isIdle());
  }

  /** The same for what the ledger has condemned. */
  async #dropCondemned(): Promise<void> {
    const { condemned, mirror } = this.parts;
    const { seen } = this.ledger.state;
    const { epoch } = condemned;
    if (seen === undefined || seen.cleaned >= epoch || !(await this.#isIdle())) return;
    const paths: string[] = [];
    for (const seq of seen.condemnations.filter((n) => n > seen.cleaned)) {
      for (const key of await condemned.list(seq)) {
        const content = parseContentKey(key);
        if (content === undefined) continue;
        const { kind, name } = content;
        paths.push(kind === 'object' ? mirror.layout.object(name) : mirror.layout.pack(name));
      }
    }
    // The lists may have come from the service, which takes its time.
    if (!(await this.#isIdle())) return;
    for (const path of paths) await mirror.drop(path);
    this.ledger.state.cleaned(epoch);
  }
}
