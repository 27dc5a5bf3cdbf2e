import { resolve } from 'node:path';
import type { ArtifactRecord } from '../core/catalog/artifact-record.js';
import type { Catalog } from '../core/catalog/catalog.js';
import type { ArtifactId } from '../core/objects/ids.js';
import { HsError } from '../errors/hs-error.js';
import { resolveArtifact } from '../ops/naming/resolve-artifact.js';
import type { Session } from '../ops/session/session.js';
import * as given from './arguments.js';
import { Calls } from './calls.js';
import type { ArtifactSelection, CallOptions } from './options.js';

const wasClosed = () => new HsError('USAGE', 'the store was closed');

/** An open store: what it is, and its end. */
export class StoreHandle {
  readonly #session: Session;
  readonly #calls = new Calls();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  /** @internal Stores are opened by `openStore` and made by `createStore`. */
  constructor(session: Session) {
    this.#session = session;
  }

  /** The store's own id. */
  get id(): string {
    return this.#session.store.id;
  }

  /** @internal Those that are under way. */
  get calls(): Calls {
    return this.#calls;
  }

  /** @internal Aborted when the store is closed, for the reason that ends its iterations. */
  protected get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** The directory that holds the store. */
  get workspace(): string {
    return this.#session.store.local.workspace;
  }

  /**
   * @internal The session for one call, and the options without `signal` and `progress`. USAGE if the store was closed;
   * throws the reason of a signal that was aborted already.
   */
  begin<T extends CallOptions>(options: T): readonly [Session, Omit<T, keyof CallOptions>] {
    if (this.closing.aborted) throw wasClosed();
    const { signal, progress, ...rest } = options;
    const session = this.#session.during({ ...(signal && { signal }), ...(progress && { progress }) });
    session.signal.throwIfAborted();
    return [session, rest];
  }

  /**
   * @internal The state at the head, after checking that the ledger is the one that was opened: a program may hold a
   * store open for days, and each operation checks at its start, like a command. LEDGER_BROKEN or ROLLED_BACK.
   */
  protected async catalog(session: Session): Promise<Catalog> {
    await session.store.anchor.recheck();
    return session.catalog();
  }

  /** @internal The artifacts that were named, in that order. */
  protected async resolveAll(
    session: Session,
    typed: readonly string[],
    options?: Parameters<typeof resolveArtifact>[2],
  ): Promise<ArtifactRecord[]> {
    const catalog = await session.catalog();
    const records: ArtifactRecord[] = [];
    for (const name of typed) records.push(await resolveArtifact(catalog, name, options));
    return records;
  }

  /** @internal The ids of the artifacts that were selected. */
  protected async selected(session: Session, selection: ArtifactSelection): Promise<readonly ArtifactId[]> {
    const asked = given.selection(selection);
    if (!('filters' in asked)) return (await this.resolveAll(session, asked)).map((r) => r.artifact_id);
    const { selectArtifacts } = await import('../ops/inspect/select-artifacts.js');
    return selectArtifacts(session, [], asked.filters);
  }

  /** @internal The lines of a batch, each checked and numbered from 1; errors name the line. */
  protected async batch<T>(lines: unknown, check: (value: unknown) => T) {
    const { atLine } = await import('../ops/payload/batch-lines.js');
    const checked: (T & { readonly line: number })[] = [];
    for (const each of given.lines(lines)) {
      const line = checked.length + 1;
      checked.push({ ...(await atLine(line, () => check(each))), line });
    }
    return checked;
  }

  /** @internal Makes a path absolute. */
  protected path(path: string, what = 'path'): string {
    return resolve(this.#session.environment.cwd, given.filePath(path, what));
  }

  /** @internal The signing key, as the caller names it. */
  protected key(key: string): string {
    return given.text(key, 'key') === 'ssh-agent' ? key : this.path(key, 'key');
  }

  /**
   * Closes the store, once the calls that are under way have ended: what may take long is given a `signal`. Iterations that
   * are open are ended, and throw USAGE when they are asked for more, as does a method that is called after that.
   *
   * @example
   * await store.close();
   * await store.list(); // throws USAGE
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const why = wasClosed();
    this.#closing.abort(why);
    await this.#calls.end(why);
    await this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
