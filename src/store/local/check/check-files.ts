import { isObjectId, type ObjectId } from '../../../core/objects/ids.js';
import { escapeText } from '../../../core/text/escape-control.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { FileKind } from '../../../fsx/disk.js';
import { asCollector } from '../../collector/tidy.js';
import { HINT_REPAIR, type Repair, type RepairableFinding } from '../../port/finding.js';
import { type Format, hasFeature } from '../../port/format.js';
import type { LeaseTable } from '../../port/lease-table.js';
import { FAN_OUT, parseLedgerDir, parseLedgerFile } from '../layout.js';
import { shownName } from '../ledger-listing.js';
import type { LocalParts } from '../local-parts.js';
import { Pack } from '../objects/pack.js';
import { packNameOf } from '../objects/packs.js';
import { movePackAside, setPackAside } from '../objects/set-aside.js';
import { Quarantine } from '../quarantine.js';
import { isTrashBatch, TRASH_RECORDS, type Trash } from '../trash/trash.js';
import { checkCache } from './check-cache.js';
import { checkStaged } from './check-staged.js';
import { Findings, OBJECT_MODE } from './findings.js';
import { makeDirectory, makeLockFile } from './repairs.js';

/** Modes of directories and of mutable files; SHARED_MODES apply in a store shared with a group. */
const OWN_MODES = { dir: 0o700, file: 0o600 };
const SHARED_MODES = { dir: 0o2770, file: 0o660 };
const DIRECTORIES = ['objects', 'ledger', 'leases', 'trash', 'tmp', 'cache'];

export interface CheckedStore {
  readonly parts: LocalParts;
  readonly format: Format;
  readonly leases: LeaseTable;
  readonly trash: Trash;
}

/** Walks every directory of a store and reports stray names and wrong modes or kinds. */
export async function checkFiles({
  parts,
  format,
  leases,
  trash,
}: CheckedStore): Promise<RepairableFinding[]> {
  const findings = new Findings(parts, leases);
  const modes = hasFeature(format, 'shared') ? SHARED_MODES : OWN_MODES;
  await checkTop(findings, modes);
  await checkLedgerModes(findings, modes.dir);
  await checkObjectDirs(findings);
  if (parts.files.packs !== undefined) await checkPacks(findings);
  await checkTrash(findings, trash, modes.dir);
  await checkStaged(findings, leases);
  await checkCache(findings);
  return findings.all();
}

async function expect(findings: Findings, subject: string, kind: FileKind, mode: number): Promise<void> {
  const { disk, layout } = findings.parts;
  const path = `${layout.root}/${subject}`;
  const stat = await findings.lstat(path);
  if (stat?.kind === kind) {
    findings.mode(path, stat, mode);
    return;
  }
  const run =
    kind === 'directory'
      ? makeDirectory(disk, layout, path)
      : path === layout.gcLock
        ? makeLockFile(disk, layout, mode)
        : undefined;
  if (stat === undefined) {
    findings.add({
      severity: run === undefined ? 'damage' : 'misplaced',
      subject,
      message: `${subject} is missing`,
      hint: run === undefined ? 'restore it from a copy of the store' : HINT_REPAIR,
      ...(run === undefined ? {} : { repair: { action: 'create', subject, run } }),
    });
  } else findings.wrongKind(subject, kind, run);
}

async function checkMode(findings: Findings, path: string, mode: number): Promise<void> {
  const stat = await findings.lstat(path);
  if (stat !== undefined) findings.mode(path, stat, mode);
}

async function checkTop(findings: Findings, { dir: dirMode, file }: typeof OWN_MODES): Promise<void> {
  const { files, layout } = findings.parts;
  const top: Record<string, { readonly kind: FileKind; readonly mode: number }> = {
    'format.json': { kind: 'file', mode: OBJECT_MODE },
    'gc.lock': { kind: 'file', mode: file },
  };
  for (const name of [...DIRECTORIES, ...(files.packs === undefined ? [] : ['packs'])]) {
    top[name] = { kind: 'directory', mode: dirMode };
  }
  for (const entry of await findings.list(layout.root)) {
    if (entry.name === 'quarantine') top[entry.name] = { kind: 'directory', mode: dirMode };
    if (entry.name === undefined || !Object.hasOwn(top, entry.name)) {
      findings.stray(shownName(entry), 'no file of that name belongs in a store');
    }
  }
  for (const [name, { kind, mode }] of Object.entries(top)) await expect(findings, name, kind, mode);
  for (const name of FAN_OUT) await expect(findings, `objects/${name}`, 'directory', dirMode);
}

/** `verifyLedger` reports everything else in the ledger directories. */
async function checkLedgerModes(findings: Findings, dirMode: number): Promise<void> {
  const { layout } = findings.parts;
  for (const dir of await findings.list(layout.ledger)) {
    if (dir.name === undefined || parseLedgerDir(dir.name) === undefined) continue;
    if (dir.kind !== 'directory') {
      findings.wrongKind(`ledger/${dir.name}`, 'directory');
      continue;
    }
    await checkMode(findings, `${layout.ledger}/${dir.name}`, dirMode);
    for (const { name, kind } of await findings.list(`${layout.ledger}/${dir.name}`)) {
      if (kind !== 'file' || parseLedgerFile(name) === undefined) continue;
      await checkMode(findings, `${layout.ledger}/${dir.name}/${name}`, OBJECT_MODE);
    }
  }
}

async function checkObjectDirs(findings: Findings): Promise<void> {
  const { layout } = findings.parts;
  const known = new Set(FAN_OUT);
  for (const entry of await findings.list(layout.objects)) {
    if (entry.name === undefined || !known.has(entry.name)) {
      findings.stray(`objects/${shownName(entry)}`, 'not an object directory');
    }
  }
  for (const dir of FAN_OUT) {
    for (const entry of await findings.list(`${layout.objects}/${dir}`)) {
      const subject = `objects/${dir}/${shownName(entry)}`;
      if (entry.name === undefined || !isObjectId(entry.name)) findings.stray(subject, 'not an object');
      else if (entry.kind !== 'file') findings.wrongKind(subject, 'file');
      else if (!entry.name.startsWith(dir))
        findings.stray(subject, `it belongs in objects/${entry.name.slice(0, 2)}`);
      else await findings.file(layout.object(entry.name));
    }
  }
}

async function checkPacks(findings: Findings): Promise<void> {
  const { layout } = findings.parts;
  for (const entry of await findings.list(layout.packs)) {
    const name = packNameOf(entry.name);
    if (name !== undefined && entry.kind === 'file') await checkPack(findings, name, layout.pack(name));
    else findings.stray(`packs/${shownName(entry)}`, 'not a pack');
  }
}

/** Checks the file and the index; the content is read as objects. */
async function checkPack(findings: Findings, name: ObjectId, path: string, isTrashed = false): Promise<void> {
  if (!(await findings.file(path))) return;
  let goesWithBatch = false;
  try {
    const pack = await Pack.open(findings.parts.disk, name, path);
    await pack.close();
    goesWithBatch = isTrashed;
    pack.index.verify(name);
  } catch (e) {
    // Repacked meanwhile.
    if (isErrno(e, 'ENOENT')) return;
    if (!isHsError(e, 'INTEGRITY') && !isErrno(e, 'EIO', 'EACCES', 'EPERM')) throw e;
    const subject = findings.nameOf(path);
    // What is in the trash must not come into use: the pack is moved as it is.
    const setAside: Repair['run'] = (under) =>
      isTrashed
        ? movePackAside(findings.parts, name, path, under)
        : setPackAside(findings.parts, name, path, under);
    const run: Repair['run'] = async (under) =>
      (await asCollector(findings.leases, () => setAside(under))) ?? false;
    findings.add({
      severity: 'damage',
      subject,
      message: `${subject}: ${e.message}`,
      hint: goesWithBatch
        ? 'what is in it cannot be restored; it goes with its batch'
        : isTrashed
          ? `what is in it cannot be restored, nor purged before ${HINT_REPAIR} moves it to the quarantine`
          : `${HINT_REPAIR} --from COPY, or restore this file from a copy of the store`,
      ...(isHsError(e, 'INTEGRITY') && !goesWithBatch
        ? { repair: { action: 'set-aside', subject, run } }
        : {}),
    });
  }
}

async function checkTrash(findings: Findings, trash: Trash, dirMode: number): Promise<void> {
  const { files, layout } = findings.parts;
  for (const entry of await findings.list(layout.trash)) {
    const subject = `trash/${shownName(entry)}`;
    const { name: batch } = entry;
    if (batch === undefined || !isTrashBatch(batch)) {
      findings.stray(subject, 'not a trash batch');
      continue;
    }
    if (entry.kind !== 'directory') {
      findings.wrongKind(subject, 'directory');
      continue;
    }
    await checkMode(findings, layout.trashBatch(batch), dirMode);
    for (const { name, kind, bytes } of await findings.list(layout.trashBatch(batch))) {
      const pack = files.packs && packNameOf(name);
      const known =
        name !== undefined && (isObjectId(name) || pack !== undefined || TRASH_RECORDS.includes(name));
      if (!known || kind !== 'file') {
        findings.stray(`${subject}/${shownName({ name, kind, bytes })}`, 'not part of a trash batch');
      } else if (isObjectId(name)) await findings.file(layout.trashed(batch, name));
      else if (TRASH_RECORDS.includes(name)) await checkTrashRecord(findings, trash, batch, name);
      else if (pack !== undefined) await checkPack(findings, pack, layout.trashedPack(batch, pack), true);
    }
  }
}

/** A damaged record counts as not written. */
async function checkTrashRecord(
  findings: Findings,
  trash: Trash,
  batch: string,
  name: string,
): Promise<void> {
  const problem = await trash.problemOf(batch, name);
  if (problem === undefined) return;
  const subject = `trash/${batch}/${name}`;
  const { parts, leases } = findings;
  // Only who collects writes them.
  const setAside: Repair['run'] = async ({ lease }) => {
    const isBad = (await trash.problemOf(batch, name)) !== undefined;
    if (isBad) await new Quarantine(parts, lease).move(`${parts.layout.root}/${subject}`, async () => false);
    return true;
  };
  findings.add({
    severity: 'damage',
    subject,
    message: `${subject} is damaged: ${escapeText(problem)}`,
    hint: 'the next collection rewrites it, and the trash window begins again',
    repair: {
      action: 'set-aside',
      subject,
      run: async (under) => (await asCollector(leases, () => setAside(under))) ?? false,
    },
  });
}
