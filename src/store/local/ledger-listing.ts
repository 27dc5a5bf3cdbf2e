import { showName, textOfName } from '../../core/text/raw-name.js';
import { isErrno } from '../../errors/hs-error.js';
import type { DirEntry, Disk } from '../../fsx/disk.js';
import type { LedgerListing, StrayName } from '../port/ledger-store.js';
import { ENTRIES_PER_DIR, type Layout, ledgerDirName, parseLedgerDir, parseLedgerFile } from './layout.js';

/** A name escaped for display, whatever its bytes. */
export function shownName(entry: DirEntry): string {
  return showName(entry.name ?? textOfName(entry.bytes));
}

async function topOf(disk: Disk, layout: Layout): Promise<DirEntry[]> {
  try {
    return await disk.readdir(layout.ledger);
  } catch (e) {
    if (!isErrno(e, 'ENOENT')) throw e;
    return [];
  }
}

/** Every name below `ledger/`, split into entries and strays. */
export async function listLedger(disk: Disk, layout: Layout): Promise<LedgerListing> {
  const numbers: number[] = [];
  const strays: StrayName[] = [];
  for (const dir of await topOf(disk, layout)) {
    const path = `ledger/${shownName(dir)}`;
    const place = parseLedgerDir(dir.name);
    if (place === undefined) strays.push({ path, why: 'not a ledger directory' });
    else if (dir.kind !== 'directory') strays.push({ path, why: 'not a directory' });
    else {
      for (const file of await disk.readdir(`${layout.ledger}/${ledgerDirName(place)}`)) {
        const seq = parseLedgerFile(file.name);
        const at = `${path}/${shownName(file)}`;
        if (seq === undefined) strays.push({ path: at, why: 'not an entry' });
        else if (file.kind !== 'file') strays.push({ path: at, why: 'not a regular file' });
        else if (Math.floor(seq / ENTRIES_PER_DIR) !== place) {
          strays.push({ path: at, why: 'this entry does not belong in this directory' });
        } else numbers.push(seq);
      }
    }
  }
  return { numbers: numbers.sort((a, b) => a - b), strays };
}
