import type { ArtifactId } from '../core/objects/ids.js';
import * as given from './arguments.js';
import { camelCased } from './camel-case.js';
import { CheckMethods } from './check-methods.js';
import type { CallOptions, ReasonOptions } from './options.js';
import type { EmptiedTrash, TrashDetails, TrashItem } from './results.js';

/** What was removed and can be brought back. */
export class TrashMethods extends CheckMethods {
  /**
   * What can be brought back, the last removed first, and until when (`hs trash ls`).
   *
   * @example
   * await store.remove(['report']);
   * (await store.trash()).map((item) => [item.name, item.restorableUntil > item.removedAt]); // → [['report', true]]
   */
  async trash(options: CallOptions = {}): Promise<readonly TrashItem[]> {
    const [session] = this.begin(given.callOptions(options));
    const { listTrash } = await import('../ops/gc/list-trash.js');
    return camelCased(await listTrash(session));
  }

  /**
   * One artifact in the trash: who removed it, and what of it lies there (`hs trash show`).
   *
   * @example
   * await store.remove(['report']);
   * (await store.trashed('report')).removedBy.actor; // → 'human:ada'
   */
  async trashed(name: string, options: CallOptions = {}): Promise<TrashDetails> {
    const [session] = this.begin(given.callOptions(options));
    const { showTrashed } = await import('../ops/gc/list-trash.js');
    return camelCased(await showTrashed(session, given.text(name, 'name')));
  }

  /**
   * Purges the given removed artifacts, without their trash window (`hs trash empty ID`). `unpurged` says why bytes may
   * remain, `shared` which other artifacts have them.
   *
   * @example
   * await store.remove(['report']);
   * const { emptied } = await store.purgeTrashed(['report'], { reason: 'leaked' });
   * [emptied[0].name, await store.trash()]; // → ['report', []]
   */
  async purgeTrashed(
    names: readonly string[],
    options: ReasonOptions & CallOptions = {},
  ): Promise<EmptiedTrash> {
    const [session, { reason }] = this.begin(given.reasonOptions(options));
    const { purgeTrashed } = await import('../ops/gc/empty-trash.js');
    const { resolveRemoved } = await import('../ops/gc/list-trash.js');
    const ids = new Set<ArtifactId>();
    for (const name of given.names(names, 'names'))
      ids.add((await resolveRemoved(session, name)).artifact_id);
    return camelCased(await purgeTrashed(session, ids, { reason }));
  }

  /**
   * Purges all that is in the trash (`hs trash empty`).
   *
   * @example
   * await store.remove(['report']);
   * (await store.emptyTrash()).emptied.map((item) => item.name); // → ['report']
   */
  async emptyTrash(options: CallOptions = {}): Promise<EmptiedTrash> {
    const [session] = this.begin(given.callOptions(options));
    const { emptyTrash } = await import('../ops/gc/empty-trash.js');
    return camelCased(await emptyTrash(session));
  }
}
