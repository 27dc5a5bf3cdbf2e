import * as given from './arguments.js';
import { camelCased, camelCasedEach } from './camel-case.js';
import { LedgerMethods } from './ledger-methods.js';
import type { CallOptions, CheckOptions, ScanOptions } from './options.js';
import type { FsckReport, ScanRow } from './results.js';
import { StoreHandle } from './store-handle.js';

/** Checks of what is stored. */
export class CheckMethods extends LedgerMethods {
  /**
   * Checks every object, manifest and name of the store (`hs fsck`).
   *
   * @example
   * const { ok, checked } = await store.fsck();
   * [ok, checked.artifacts]; // → [true, 2]
   */
  async fsck(options: CheckOptions<StoreHandle> & CallOptions = {}): Promise<FsckReport> {
    const [session, { from, ...checked }] = this.begin(given.checkOptions(options));
    const { fsck } = await import('../ops/fsck/fsck.js');
    const { storeSource, treeSource } = await import('../ops/fsck/repair-source.js');
    const source =
      from === undefined
        ? undefined
        : typeof from === 'string'
          ? treeSource(session, given.filePath(from, 'from'))
          : await storeSource(given.instance(from, StoreHandle, 'from').begin({})[0]);
    const request = { secondOpinion: false, sample: 1, repair: false, ...checked };
    return camelCased(await fsck(session, request, source));
  }

  /**
   * Possible secrets in the payloads, or with `personal` also personal data (`hs scan`).
   *
   * @example
   * await store.put(Buffer.from('mail ada@example.org\n'), { name: 'contact' });
   * const found = [];
   * for await (const row of store.scan(['contact'], { personal: true })) found.push([row.line, row.detector]);
   * found; // → [[1, 'e-mail']]
   */
  async *scan(
    names: readonly string[],
    options: ScanOptions & CallOptions = {},
  ): AsyncGenerator<ScanRow, void> {
    const [session, { personal }] = this.begin(given.scanOptions(options));
    const typed = given.names(names, 'names');
    const { scanArtifacts } = await import('../ops/evidence/scan.js');
    const kinds = personal === true ? (['credential', 'personal'] as const) : (['credential'] as const);
    await session.store.anchor.recheck();
    yield* camelCasedEach(scanArtifacts(session, typed, kinds));
  }
}
