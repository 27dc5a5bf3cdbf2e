import { HINT_REPAIR } from '../../port/finding.js';
import { isIndexFile, isIndexLeftover, isIndexName } from '../index/index-names.js';
import { PACKS_INDEX } from '../layout.js';
import { shownName } from '../ledger-listing.js';
import { checkPacksIndex } from './check-packs-index.js';
import type { Findings } from './findings.js';
import { removesTree } from './repairs.js';

/** `cache/` contains catalog indexes, the index over packs, and nothing else. */
export async function checkCache(findings: Findings): Promise<void> {
  const { disk, layout } = findings.parts;
  for (const entry of await findings.list(layout.cache)) {
    const subject = `cache/${shownName(entry)}`;
    if (entry.name !== undefined && isIndexLeftover(entry.name) && entry.kind === 'directory') {
      const path = `${layout.cache}/${entry.name}`;
      // A command may be creating or discarding its index right now.
      if ((await findings.lstat(path)) === undefined) continue;
      findings.add({
        severity: 'leftover',
        subject,
        message: `${subject} belongs to a catalog index that is no longer used`,
        hint: HINT_REPAIR,
        repair: { action: 'remove', subject, run: removesTree(disk, path) },
      });
      continue;
    }
    if (entry.name === PACKS_INDEX && entry.kind === 'directory') {
      await checkPacksIndex(findings);
      continue;
    }
    if (entry.name === undefined || !isIndexName(entry.name) || entry.kind !== 'directory') {
      findings.stray(subject, 'not the catalog index');
      continue;
    }
    for (const file of await findings.list(`${layout.cache}/${entry.name}`)) {
      const ours = file.name !== undefined && isIndexFile(file.name) && file.kind === 'file';
      if (!ours) findings.stray(`${subject}/${shownName(file)}`, 'not part of the catalog index');
    }
  }
}
