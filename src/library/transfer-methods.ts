import type { HsError } from '../errors/hs-error.js';
import type { Session } from '../ops/session/session.js';
import type { TransferRequest, TransferredArtifact } from '../ops/transfer/transfer-request.js';
import * as given from './arguments.js';
import { BundleMethods } from './bundle-methods.js';
import type { CallOptions, TransferOptions } from './options.js';
import { StoreHandle } from './store-handle.js';

/** What a push or a pull did. */
export interface Transferred {
  /** In the order in which they were registered in the store that they come from. */
  readonly artifacts: readonly TransferredArtifact[];
  /** One for each artifact that was not copied. */
  readonly errors: readonly HsError[];
}

/** Copies of artifacts between two open stores. */
export class TransferMethods extends BundleMethods {
  /**
   * Copies artifacts to another open store, under their ids; only what is missing there (`hs push`). `names` may be
   * `'all'`. With `dryRun`, changes neither store.
   *
   * @example
   * await mkdir('elsewhere');
   * const other = await createStore('elsewhere');
   * const { artifacts } = await store.push(other, ['report', 'dist']);
   * artifacts.length; // → 2
   * (await store.push(other, ['dist'])).artifacts[0].present; // → true
   * await other.close();
   */
  async push(
    other: StoreHandle,
    names: readonly string[] | 'all',
    options: TransferOptions & CallOptions = {},
  ): Promise<Transferred> {
    return this.#transfer(other, names, options, (here, there) => [here, there]);
  }

  /**
   * Copies artifacts from another open store to this one (`hs pull`).
   *
   * @example
   * await mkdir('elsewhere');
   * const other = await createStore('elsewhere');
   * const { errors } = await other.pull(store, 'all');
   * errors; // → []
   * await other.close();
   */
  async pull(
    other: StoreHandle,
    names: readonly string[] | 'all',
    options: TransferOptions & CallOptions = {},
  ): Promise<Transferred> {
    return this.#transfer(other, names, options, (here, there) => [there, here]);
  }

  async #transfer(
    other: StoreHandle,
    names: readonly string[] | 'all',
    options: TransferOptions & CallOptions,
    order: (here: Session, there: Session) => [Session, Session],
  ): Promise<Transferred> {
    const checked = given.transferOptions(options);
    const typed = names === 'all' ? {} : { artifacts: given.names(names, 'names') };
    const [here, rest] = this.begin(checked);
    const elsewhere = given.instance(other, StoreHandle, 'other');
    const [there] = elsewhere.begin(checked);
    // Either store is closed after it.
    return elsewhere.calls.note(copied(...order(here, there), { ...rest, ...typed }));
  }
}

async function copied(
  from: Session,
  to: Session,
  { dryRun, ...request }: TransferRequest & { readonly dryRun?: boolean },
): Promise<Transferred> {
  const { planTransfer, transfer } = await import('../ops/transfer/transfer.js');
  const artifacts: TransferredArtifact[] = [];
  const errors: HsError[] = [];
  for await (const result of (dryRun ? planTransfer : transfer)(from, to, request)) {
    if ('error' in result) errors.push(result.error);
    else artifacts.push(result.artifact);
  }
  return { artifacts, errors };
}
