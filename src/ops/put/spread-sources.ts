import { STORE_DIR } from '../../core/paths/store-dir.js';
import { escapeText } from '../../core/text/escape-control.js';
import { showName, textOfName } from '../../core/text/raw-name.js';
import { refuseInStore } from '../payload/read-source.js';
import { compareEntries, isLink, isNotText, type LeftOut, type WalkOptions } from '../payload/walk-tree.js';
import type { Session } from '../session/session.js';
import { type Payload, type PutSource, statSource } from './put-source.js';

/** The entries of each directory among the sources, sorted by name; other sources unchanged. */
export async function spreadSources(
  session: Session,
  sources: readonly PutSource[],
  { exclude, skipLinks }: Required<Pick<WalkOptions, 'exclude' | 'skipLinks'>>,
  leave: (left: LeftOut) => void,
): Promise<Payload[]> {
  const all: Payload[] = [];
  for (const source of sources) {
    if ('stream' in source || (await statSource(session.disk, source.path)).kind !== 'directory') {
      all.push({ source });
      continue;
    }
    await refuseInStore(session, source.path);
    const directory = `${source.path}/`;
    const entries = await session.disk.readdir(source.path);
    for (const { name: entry, bytes, kind } of entries.sort(compareEntries)) {
      const text = entry ?? textOfName(bytes);
      const path = directory + text;
      if (exclude.excludes(text)) leave({ path: entry ?? showName(text), why: 'excluded' });
      else if (entry === undefined) throw isNotText(text, true);
      else if (entry === STORE_DIR && kind === 'directory') leave({ path: entry, why: 'store' });
      else if (kind !== 'symlink') all.push({ source: { path }, entry, isFile: kind === 'file' });
      else if (skipLinks) leave({ path: entry, why: 'link' });
      else throw isLink(escapeText(path), skipLinks);
    }
  }
  return all;
}
