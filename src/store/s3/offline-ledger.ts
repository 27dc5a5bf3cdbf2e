import { sha256 } from '../../core/objects/hash.js';
import type { LedgerListing, UnreadableEntry } from '../port/ledger-store.js';
import type { AnchorStore } from '../port/local-side.js';
import { notHere } from './client/s3-errors.js';
import { S3Ledger } from './s3-ledger.js';

/**
 * The ledger as this user has last seen it, from the mirror, while the service is not asked. The anchor, which is kept
 * outside the mirror, proves the newest entry and, by the chain, all before it; what the mirror has beyond it, nothing
 * proves. Without an anchor the mirror's own word counts, and does not become one.
 */
export class OfflineLedger extends S3Ledger {
  readonly #anchor: AnchorStore;
  #newest: Promise<number> | undefined;

  constructor(anchor: AnchorStore, ...args: ConstructorParameters<typeof S3Ledger>) {
    super(...args);
    this.#anchor = anchor;
  }

  override headSeq(): Promise<number> {
    this.#newest ??= this.#find();
    return this.#newest;
  }

  async #find(): Promise<number> {
    const followed = await this.state.load();
    const anchor = await this.#anchor.look();
    const newest = typeof anchor === 'object' ? anchor : followed;
    if (newest === undefined) throw notHere('the ledger');
    const { seq, hash } = newest;
    const bytes = await this.mirror.entry(seq);
    if (bytes === undefined || sha256(bytes) !== hash) throw notHere(`entry ${seq} of the ledger`);
    this.state.showUpTo(seq, hash);
    return seq;
  }

  override async assumeHead(): Promise<boolean> {
    return false;
  }

  override async read(seq: number): Promise<Uint8Array | UnreadableEntry | undefined> {
    return seq > (await this.headSeq()) ? undefined : super.read(seq);
  }

  /** What the service has besides entries, only its listing tells. */
  override async list(): Promise<LedgerListing> {
    const newest = await this.headSeq();
    return { numbers: Array.from({ length: newest + 1 }, (_, seq) => seq), strays: [] };
  }

  /** The service did not say that it has the entry: it is not remembered as seen. */
  override async settle(): Promise<void> {
    throw Object.assign(new Error('the service is not asked'), { code: 'ENOTCONN', errno: -107 });
  }
}
