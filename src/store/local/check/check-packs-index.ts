import type { ObjectId } from '../../../core/objects/ids.js';
import { areEntriesOf, entriesByPack, isPacksIndexName } from '../../../core/objects/packs-index-file.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import { HINT_REPAIR } from '../../port/finding.js';
import { PACKS_INDEX } from '../layout.js';
import { shownName } from '../ledger-listing.js';
import { Pack } from '../objects/pack.js';
import { PacksIndex, type PacksIndexPart } from '../objects/packs-index.js';
import type { Findings } from './findings.js';
import { removeFile } from './repairs.js';

/** The files of the index over packs: whole, and what the packs that they are of have. */
export async function checkPacksIndex(findings: Findings): Promise<void> {
  const { disk, layout } = findings.parts;
  const index = new PacksIndex(disk, layout.packsIndex, 0);
  await index.look(0);
  const report = (name: string, why: string) => {
    const subject = `cache/${PACKS_INDEX}/${name}`;
    const run = removeFile(disk, `${layout.packsIndex}/${name}`);
    const message = `${subject}: the index over packs ${why}`;
    const repair = { action: 'remove' as const, subject, run };
    findings.add({ severity: 'misplaced', subject, message, hint: HINT_REPAIR, repair });
  };
  for (const part of index.parts) {
    const entries = await index.entriesOf(part);
    // Undefined: damaged, or replaced meanwhile.
    if (entries !== undefined && !(await isRight(findings, part, entries)))
      report(part.name, 'is not what the packs have');
  }
  for (const name of index.damaged) report(name, 'is damaged');
  for (const entry of await findings.list(layout.packsIndex)) {
    if (entry.name !== undefined && isPacksIndexName(entry.name) && entry.kind === 'file') continue;
    findings.stray(`cache/${PACKS_INDEX}/${shownName(entry)}`, 'not part of the index over packs');
  }
}

async function isRight(findings: Findings, part: PacksIndexPart, entries: Buffer): Promise<boolean> {
  const byPack = entriesByPack(entries, part);
  if (byPack === undefined) return false;
  for (const [n, name] of part.packs.entries()) {
    if ((await agrees(findings, name, byPack[n]!)) === false) return false;
  }
  return true;
}

/** Undefined: there is no such pack that can be read. */
async function agrees({ parts }: Findings, name: ObjectId, entries: Buffer): Promise<boolean | undefined> {
  try {
    const pack = await Pack.open(parts.disk, name, parts.layout.pack(name));
    await pack.close();
    if (areEntriesOf(entries, pack.index.digests)) return true;
    // A damaged pack is reported itself.
    pack.index.verify(name);
    return false;
  } catch (e) {
    if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
    return undefined;
  }
}
