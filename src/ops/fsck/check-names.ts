import { isObjectId, type ObjectId } from '../../core/objects/ids.js';
import { escapeText } from '../../core/text/escape-control.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { DirEntry, FileKind, FileStat } from '../../fsx/disk.js';
import { isIndexFile, isIndexLeftover, isIndexName } from '../../store/catalog/catalog-cache.js';
import { isTrashBatch, TRASH_RECORDS, Trash } from '../../store/collector/trash.js';
import { shownName } from '../../store/ledger/ledger-listing.js';
import { hasFeature } from '../../store/local/format.js';
import { FAN_OUT, parseLedgerDir, parseLedgerFile } from '../../store/local/layout.js';
import { isLeaseToken, isUnclaimed } from '../../store/local/leases.js';
import { Pack, packNameOf } from '../../store/objects/packs.js';
import type { Store } from '../../store/store.js';
import { type LeaseLiveness, leaseLiveness } from '../doctor/lease-liveness.js';
import { type Finding, HINT_REPAIR, HINT_STRAY, HINT_WRONG_KIND } from './finding.js';
import { wholePack } from './placed-object.js';
import { PlacedObjects } from './placed-objects.js';

const OBJECT_MODE = 0o444;
/** Of directories and of files that change; in a store that a group shares, the second. */
const OWN_MODES = { dir: 0o700, file: 0o600 };
const SHARED_MODES = { dir: 0o2770, file: 0o660 };

export interface Listing {
  readonly objects: PlacedObjects;
  readonly findings: readonly Finding[];
}

const DIRECTORIES = ['objects', 'ledger', 'leases', 'trash', 'tmp', 'cache'];

/** Walks every directory of a store and tells what belongs there from what does not. */
export class NameCheck {
  readonly #store: Store;
  readonly #objects: PlacedObjects;
  readonly #findings: Finding[] = [];
  /** By the mode they should have and the directory they are in. */
  readonly #wrongModes = new Map<string, { mode: number; paths: string[] }>();

  constructor(store: Store) {
    this.#store = store;
    this.#objects = new PlacedObjects(store.layout);
  }

  async run(): Promise<Listing> {
    await this.#top();
    await this.#objectDirs();
    if (this.#store.objects.packs !== undefined) await this.#packs();
    await this.#trash();
    await this.#staged();
    await this.#cache();
    for (const [dir, { mode, paths }] of this.#wrongModes) {
      const first = paths[0]!.slice(this.#store.root.length + 1);
      const others = paths.length === 1 ? '' : ` and ${paths.length - 1} more`;
      this.#findings.push({
        severity: 'misplaced',
        subject: paths.length === 1 ? first : dir,
        message: `${first}${others}: the mode is not ${mode.toString(8)}`,
        hint: HINT_REPAIR,
        repair: { act: 'chmod', paths, mode },
      });
    }
    return { objects: this.#objects, findings: this.#findings };
  }

  #stray(subject: string, why: string): void {
    this.#findings.push({ severity: 'stray', subject, message: `${subject}: ${why}`, hint: HINT_STRAY });
  }

  /** A link where a store has a file or a directory leads out of it. */
  #wrongKind(subject: string, kind: FileKind): void {
    const message = `${subject} is not a ${kind}: nothing of a store is ever a link or a special file`;
    this.#findings.push({ severity: 'damage', subject, message, hint: HINT_WRONG_KIND });
  }

  #mode(path: string, stat: FileStat, mode: number): void {
    if (stat.mode === mode) return;
    const dir = path.slice(this.#store.root.length + 1).split('/')[0]!;
    const group = this.#wrongModes.get(`${dir} ${mode}`) ?? { mode, paths: [] };
    group.paths.push(path);
    this.#wrongModes.set(`${dir} ${mode}`, group);
  }

  /** The entries of a directory of the store, none when it is not there, which `#top` reports. */
  async #list(path: string): Promise<DirEntry[]> {
    try {
      return await this.#store.disk.readdir(path);
    } catch (e) {
      // What is in the way is told of where its name is looked at.
      if (isErrno(e, 'ENOENT', 'ENOTDIR') || isHsError(e, 'INTEGRITY')) return [];
      throw e;
    }
  }

  /** Undefined: it was taken away meanwhile. */
  async #lstat(path: string): Promise<FileStat | undefined> {
    try {
      return await this.#store.disk.lstat(path);
    } catch (e) {
      if (isErrno(e, 'ENOENT') || isHsError(e, 'INTEGRITY')) return undefined;
      throw e;
    }
  }

  async #expect(subject: string, kind: FileKind, mode: number): Promise<void> {
    const path = `${this.#store.root}/${subject}`;
    const stat = await this.#lstat(path);
    if (stat === undefined) {
      const directory = kind === 'directory';
      this.#findings.push({
        severity: directory ? 'misplaced' : 'damage',
        subject,
        message: `${subject} is missing`,
        hint: directory ? HINT_REPAIR : 'restore it from a copy of the store',
        ...(directory ? { repair: { act: 'make-directory', path } as const } : {}),
      });
    } else if (stat.kind !== kind) this.#wrongKind(subject, kind);
    else this.#mode(path, stat, mode);
  }

  async #top(): Promise<void> {
    const hasPacks = this.#store.objects.packs !== undefined;
    const { dir: dirMode, file } = hasFeature(this.#store.format, 'shared') ? SHARED_MODES : OWN_MODES;
    const top: Record<string, { readonly kind: FileKind; readonly mode: number }> = {
      'format.json': { kind: 'file', mode: OBJECT_MODE },
      'gc.lock': { kind: 'file', mode: file },
    };
    for (const name of [...DIRECTORIES, ...(hasPacks ? ['packs'] : [])]) {
      top[name] = { kind: 'directory', mode: dirMode };
    }
    for (const entry of await this.#list(this.#store.root)) {
      if (entry.name === undefined || !Object.hasOwn(top, entry.name)) {
        this.#stray(shownName(entry), 'nothing of that name belongs in a store');
      }
    }
    for (const [name, { kind, mode }] of Object.entries(top)) await this.#expect(name, kind, mode);
    for (const name of FAN_OUT) await this.#expect(`objects/${name}`, 'directory', dirMode);
    const { layout } = this.#store;
    for (const dir of await this.#list(layout.ledger)) {
      if (dir.name === undefined || parseLedgerDir(dir.name) === undefined) continue;
      if (dir.kind !== 'directory') {
        this.#wrongKind(`ledger/${dir.name}`, 'directory');
        continue;
      }
      for (const { name, kind } of await this.#list(`${layout.ledger}/${dir.name}`)) {
        if (kind !== 'file' || parseLedgerFile(name) === undefined) continue;
        const path = `${layout.ledger}/${dir.name}/${name}`;
        const stat = await this.#lstat(path);
        if (stat !== undefined) this.#mode(path, stat, OBJECT_MODE);
      }
    }
  }

  async #objectDirs(): Promise<void> {
    const { layout } = this.#store;
    const known = new Set(FAN_OUT);
    for (const entry of await this.#list(layout.objects)) {
      if (entry.name === undefined || !known.has(entry.name)) {
        this.#stray(`objects/${shownName(entry)}`, 'not the name of an object directory');
      }
    }
    for (const dir of FAN_OUT) {
      for (const entry of await this.#list(`${layout.objects}/${dir}`)) {
        const subject = `objects/${dir}/${shownName(entry)}`;
        if (entry.name === undefined || !isObjectId(entry.name))
          this.#stray(subject, 'not the name of an object');
        else if (entry.kind !== 'file') this.#wrongKind(subject, 'file');
        else if (!entry.name.startsWith(dir))
          this.#stray(subject, `it belongs in objects/${entry.name.slice(0, 2)}`);
        else await this.#object(entry.name, layout.object(entry.name));
      }
    }
  }

  async #object(id: ObjectId, path: string, batch?: string): Promise<void> {
    const stat = await this.#file(path);
    if (stat !== undefined) {
      this.#objects.add({ id, size: stat.size, ...(batch === undefined ? {} : { batch }) });
    }
  }

  /** A file that never changes: one object, or a pack of them. */
  async #file(path: string): Promise<FileStat | undefined> {
    const stat = await this.#lstat(path);
    if (stat === undefined) return undefined;
    this.#mode(path, stat, OBJECT_MODE);
    if (stat.nlink > 1) {
      const subject = path.slice(this.#store.root.length + 1);
      this.#findings.push({
        severity: 'misplaced',
        subject,
        message: `${subject} has ${stat.nlink} names: who writes to another one changes the object`,
        hint: HINT_REPAIR,
        repair: { act: 'copy', path },
      });
    }
    return stat;
  }

  async #packs(): Promise<void> {
    const { layout } = this.#store;
    for (const entry of await this.#list(layout.packs)) {
      const name = packNameOf(entry.name);
      if (name !== undefined && entry.kind === 'file') await this.#pack(name, layout.pack(name));
      else this.#stray(`packs/${shownName(entry)}`, 'not a pack');
    }
  }

  async #pack(name: ObjectId, path: string, batch?: string): Promise<void> {
    if ((await this.#file(path)) === undefined) return;
    const found = await wholePack(this.#store, name, path);
    if (found === undefined) return;
    if (!(found instanceof Pack)) {
      this.#findings.push(found);
      return;
    }
    const where = { pack: found, ...(batch === undefined ? {} : { batch }) };
    for (const entry of found.index.entries()) this.#objects.add({ ...entry, ...where });
  }

  async #trash(): Promise<void> {
    const { layout } = this.#store;
    for (const entry of await this.#list(layout.trash)) {
      const subject = `trash/${shownName(entry)}`;
      if (entry.name !== undefined && isTrashBatch(entry.name) && entry.kind !== 'directory') {
        this.#wrongKind(subject, 'directory');
        continue;
      }
      if (entry.name === undefined || !isTrashBatch(entry.name)) {
        this.#stray(subject, 'not a batch of the trash');
        continue;
      }
      for (const { name, kind, bytes } of await this.#list(layout.trashBatch(entry.name))) {
        const pack = this.#store.objects.packs && packNameOf(name);
        const known =
          name !== undefined && (isObjectId(name) || pack !== undefined || TRASH_RECORDS.includes(name));
        if (!known || kind !== 'file') {
          this.#stray(`${subject}/${shownName({ name, kind, bytes })}`, 'not part of a batch of the trash');
        } else if (isObjectId(name)) await this.#object(name, layout.trashed(entry.name, name), entry.name);
        else if (TRASH_RECORDS.includes(name)) await this.#trashRecord(entry.name, name);
        else if (pack !== undefined) await this.#pack(pack, layout.trashedPack(entry.name, pack), entry.name);
      }
    }
  }

  /** A record that is not as it was written counts as not written. */
  async #trashRecord(batch: string, name: string): Promise<void> {
    const { disk, layout, ports } = this.#store;
    const problem = await new Trash(disk, layout, ports.random).problemOf(batch, name);
    if (problem === undefined) return;
    const subject = `trash/${batch}/${name}`;
    this.#findings.push({
      severity: 'damage',
      subject,
      message: `${subject} is damaged: ${escapeText(problem)}`,
      hint: 'the next collection writes it anew, and the trash window begins again',
    });
  }

  async #judged(): Promise<LeaseLiveness> {
    try {
      return await leaseLiveness(this.#store.leases);
    } catch (e) {
      if (isErrno(e, 'ENOENT') || isHsError(e, 'INTEGRITY')) return { dead: [], alive: [] };
      throw e;
    }
  }

  /** tmp/ is listed before leases/: what belongs to a command that began in between is then not seen at all. */
  async #staged(): Promise<void> {
    const { layout } = this.#store;
    const staged = await this.#list(layout.tmp);
    for (const entry of await this.#list(layout.leases)) {
      if (entry.name === undefined || !isLeaseToken(entry.name) || entry.kind !== 'file') {
        this.#stray(`leases/${shownName(entry)}`, 'not a lease');
      }
    }
    const { dead, alive } = await this.#judged();
    for (const token of dead) {
      const subject = `leases/${token}`;
      this.#findings.push({
        severity: 'leftover',
        subject,
        message: `${subject} is the lease of a command that died`,
        hint: `the next command that writes clears it, and so does ${HINT_REPAIR}`,
        repair: { act: 'finish-lease', token },
      });
    }
    const living = new Set(alive);
    const leased = new Set([...alive, ...dead]);
    for (const entry of staged) {
      const subject = `tmp/${shownName(entry)}`;
      const token = entry.name?.split('-')[0] ?? '';
      const path = `${layout.tmp}/${entry.name}`;
      // What a tool has while it runs; that of a dead one goes with its lease.
      if (entry.kind === 'directory' && entry.name === `${token}-run` && leased.has(token)) continue;
      if (living.has(token)) continue;
      const gone = entry.name !== undefined && (await this.#lstat(path)) === undefined;
      if (gone) continue;
      if (entry.name === undefined || entry.kind !== 'file' || !isUnclaimed(entry.name, living)) {
        this.#stray(subject, 'not a staged file');
      } else {
        this.#findings.push({
          severity: 'leftover',
          subject,
          message: `${subject} was staged by a command that died`,
          hint: HINT_REPAIR,
          repair: { act: 'unlink', path },
        });
      }
    }
  }

  async #cache(): Promise<void> {
    const { layout } = this.#store;
    for (const entry of await this.#list(layout.cache)) {
      const subject = `cache/${shownName(entry)}`;
      if (entry.name !== undefined && isIndexLeftover(entry.name) && entry.kind === 'directory') {
        const path = `${layout.cache}/${entry.name}`;
        // A command may just be making its index, or throwing one away.
        if ((await this.#lstat(path)) === undefined) continue;
        this.#findings.push({
          severity: 'leftover',
          subject,
          message: `${subject} is of a catalog index that is not used`,
          hint: HINT_REPAIR,
          repair: { act: 'remove-tree', path },
        });
        continue;
      }
      if (entry.name === undefined || !isIndexName(entry.name) || entry.kind !== 'directory') {
        this.#stray(subject, 'not the catalog index');
        continue;
      }
      for (const file of await this.#list(`${layout.cache}/${entry.name}`)) {
        const ours = file.name !== undefined && isIndexFile(file.name) && file.kind === 'file';
        if (!ours) this.#stray(`${subject}/${shownName(file)}`, 'not part of the catalog index');
      }
    }
  }
}
