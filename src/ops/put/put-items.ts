import { basename } from 'node:path';
import type { Catalog } from '../../core/catalog/catalog.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import { atLine } from '../payload/batch-lines.js';
import { Excluder, globHint, unusedGlobs } from '../payload/excluder.js';
import { readScratch } from '../payload/read-source.js';
import type { LeftOut, WalkOptions } from '../payload/walk-tree.js';
import type { Session } from '../session/session.js';
import { Describer, type Description } from './describe-item.js';
import { entryName } from './new-manifest.js';
import type { ArtifactOptions, PutResult, PutRules } from './put-options.js';
import { demandExpected, hintOf, type PutItem } from './put-source.js';
import { Registrar, type StoredItem } from './registration.js';
import { storePayload } from './store-payload.js';

type Walk = Required<Pick<WalkOptions, 'exclude' | 'skipLinks'>>;

/**
 * Stores payloads and registers each as an artifact, in one commit: all or none. `list` gives them, and notes what it
 * leaves out.
 */
export function putItems(
  session: Session,
  rules: Pick<ArtifactOptions, 'name'> & PutRules,
  list: (walk: Walk, leave: (left: LeftOut) => void) => Promise<readonly PutItem[]>,
): Promise<PutResult[]> {
  return session.write('artifact.create', rules.name === undefined ? [] : [rules.name], async (tx) => {
    const walk = { exclude: new Excluder(rules.exclude ?? []), skipLinks: rules.skipLinks === true };
    const besides: LeftOut[] = [];
    const items = await list(walk, (left) => besides.push(left));
    if (items.length === 0) throw new HsError('NOT_FOUND', 'nothing to store');
    // What is named may have come with an entry that this machine has not seen.
    if (items.some(({ options }) => options.sources?.length || options.pin))
      await session.store.anchor.confirm();
    const described = await session.store.withConfirmedCatalog(async (catalog) => {
      const describer = new Describer(session, tx, catalog);
      const all: Description[] = [];
      for (const item of items) all.push(await atLine(item.line, () => describer.describe(item)));
      await describer.checkSecrets();
      return all;
    });
    session.progress.start('storing', undefined, 'bytes');
    const stored: StoredItem[] = [];
    const reader = { batch: tx.batch, walk, scratch: readScratch(), outside: new Set<string>() };
    for (const [i, item] of items.entries()) {
      const { name, ...description } = described[i]!;
      const payload = await atLine(item.line, async () => {
        const made = await storePayload(session, reader, item);
        demandExpected(item.source, made);
        return made;
      });
      stored.push({
        item,
        ...description,
        id: session.random.uuid() as ArtifactId,
        name: item.entry === undefined ? name : entryName(name, item.entry),
        filenameHint: await hintOf(session, item),
        payload,
      });
    }
    tellUnused(session, walk.exclude, items, rules.strictExclude === true);
    session.progress.start('committing');
    let registration = new Registrar(session, tx);
    let isMade = false;
    const make = async (catalog: Catalog) => {
      // Without a look at what is there, a lost race changes nothing.
      if (isMade && !rules.ifChanged) return;
      registration = new Registrar(session, tx, rules.ifChanged ? catalog : undefined);
      for (const each of stored) await atLine(each.item.line, () => registration.add(each));
      isMade = true;
    };
    const entry = await tx.commit(async (catalog) => {
      await make(catalog);
      return registration.draft;
    });
    // What is unchanged may have lost its bytes since.
    if (entry === undefined) await tx.batch.publish();
    session.progress.done();
    return stored.map(({ payload: { executable: _, leftOut, ...payload }, filenameHint }, i) => ({
      filenameHint,
      // Notes that concern no single artifact are attached to the first one.
      leftOut: i === 0 ? [...besides, ...leftOut] : leftOut,
      ...registration.registered[i]!,
      ...payload,
    }));
  });
}

/** A glob that excludes nothing most likely means that unwanted files are stored. */
function tellUnused(
  session: Session,
  { unused }: Excluder,
  items: readonly PutItem[],
  strict: boolean,
): void {
  if (unused.length === 0) return;
  const names = items.flatMap(({ source }) => ('path' in source ? basename(source.path) : []));
  const hint = globHint(unused, names);
  if (strict) throw new HsError('USAGE', `${unusedGlobs(unused)}; nothing was stored`, { hint });
  session.warn(`${unusedGlobs(unused)}; ${hint}`);
}
