import * as given from './arguments.js';
import { ArtifactMethods } from './artifact-methods.js';
import { camelCasedEach } from './camel-case.js';
import type { CallOptions, LineageOptions } from './options.js';
import type { LineageRow } from './results.js';

/** What artifacts were made from. */
export class LineageMethods extends ArtifactMethods {
  /**
   * The artifact, what it was made from and what was made from it, step by step (`hs lineage`).
   *
   * @example
   * await store.put(Buffer.from('summary'), { name: 'summary', sources: ['report'] });
   * const steps = [];
   * for await (const row of store.lineage('report', { direction: 'down' })) steps.push([row.depth, row.name]);
   * steps; // → [[0, 'report'], [1, 'summary']]
   */
  async *lineage(name: string, options: LineageOptions & CallOptions = {}): AsyncGenerator<LineageRow, void> {
    const [session, query] = this.begin(given.lineageOptions(options));
    const { lineage } = await import('../ops/inspect/lineage.js');
    await session.store.anchor.recheck();
    yield* camelCasedEach(lineage(session, given.text(name, 'name'), query));
  }
}
