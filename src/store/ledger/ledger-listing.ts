import { showName, textOfName } from '../../core/text/raw-name.js';
import { isErrno } from '../../errors/hs-error.js';
import type { DirEntry, Disk } from '../../fsx/disk.js';
import {
  ENTRIES_PER_DIR,
  type Layout,
  ledgerDirName,
  parseLedgerDir,
  parseLedgerFile,
} from '../local/layout.js';

/** A name in the ledger's directories that is no entry: where, and why not. */
export interface StrayName {
  /** Relative to the store. */
  readonly path: string;
  readonly why: string;
}

export interface LedgerListing {
  /** Numbers that have a file, ascending. */
  readonly numbers: readonly number[];
  readonly strays: readonly StrayName[];
}

/** A name as it can be shown, whatever its bytes are. */
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

/** Every name below `ledger/`, told apart into entries and what does not belong there. */
export async function listLedger(disk: Disk, layout: Layout): Promise<LedgerListing> {
  const numbers: number[] = [];
  const strays: StrayName[] = [];
  for (const dir of await topOf(disk, layout)) {
    const path = `ledger/${shownName(dir)}`;
    const place = parseLedgerDir(dir.name);
    if (place === undefined) strays.push({ path, why: 'not the name of a ledger directory' });
    else if (dir.kind !== 'directory') strays.push({ path, why: 'not a directory' });
    else {
      for (const file of await disk.readdir(`${layout.ledger}/${ledgerDirName(place)}`)) {
        const seq = parseLedgerFile(file.name);
        const at = `${path}/${shownName(file)}`;
        if (seq === undefined) strays.push({ path: at, why: 'not the name of an entry' });
        else if (file.kind !== 'file') strays.push({ path: at, why: 'an entry is a regular file' });
        else if (Math.floor(seq / ENTRIES_PER_DIR) !== place) {
          strays.push({ path: at, why: 'this entry does not belong in this directory' });
        } else numbers.push(seq);
      }
    }
  }
  return { numbers: numbers.sort((a, b) => a - b), strays };
}

/** The runs of numbers from 0 up to the highest that have no entry: `[first, last]`. */
export function holes(numbers: readonly number[]): (readonly [first: number, last: number])[] {
  const found: (readonly [number, number])[] = [];
  let expected = 0;
  for (const n of numbers) {
    if (n > expected) found.push([expected, n - 1]);
    expected = n + 1;
  }
  return found;
}
