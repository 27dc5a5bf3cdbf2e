import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { DirEntry, FileKind, FileStat } from '../../../fsx/disk.js';
import {
  HINT_REPAIR,
  HINT_STRAY,
  HINT_WRONG_KIND,
  type Repair,
  type RepairableFinding,
} from '../../port/finding.js';
import type { LeaseTable } from '../../port/lease-table.js';
import type { LocalParts } from '../local-parts.js';
import { copyOnto, setAsidePath, setModes } from './repairs.js';

/** Mode of immutable files: objects, packs, entries and `format.json`. */
export const OBJECT_MODE = 0o444;

/** Collects findings in a store on disk and inspects its files. */
export class Findings {
  readonly parts: LocalParts;
  readonly leases: LeaseTable;
  readonly #findings: RepairableFinding[] = [];
  /** By expected mode and directory. */
  readonly #wrongModes = new Map<string, { dir: string; mode: number; paths: string[] }>();

  constructor(parts: LocalParts, leases: LeaseTable) {
    this.parts = parts;
    this.leases = leases;
  }

  /** The findings; wrong modes last, merged by directory. */
  all(): RepairableFinding[] {
    const modes = [...this.#wrongModes.values()].map(({ dir, mode, paths }): RepairableFinding => {
      const first = this.nameOf(paths[0]!);
      const others = paths.length === 1 ? '' : ` and ${paths.length - 1} more`;
      return {
        severity: 'misplaced',
        subject: paths.length === 1 ? first : dir,
        message: `${first}${others}: the mode is not ${mode.toString(8)}`,
        hint: HINT_REPAIR,
        repair: {
          action: 'chmod',
          subject: `${first}${others}`,
          run: setModes(this.parts.disk, paths, mode),
        },
      };
    });
    return [...this.#findings, ...modes];
  }

  /** Relative to the store. */
  nameOf(path: string): string {
    return path.slice(this.parts.layout.root.length + 1);
  }

  add(finding: RepairableFinding): void {
    this.#findings.push(finding);
  }

  stray(subject: string, why: string): void {
    this.add({ severity: 'stray', subject, message: `${subject}: ${why}`, hint: HINT_STRAY });
  }

  /** A link in place of a file or directory points out of the store. */
  wrongKind(subject: string, kind: FileKind, then?: Repair['run']): void {
    const message = `${subject} is not a ${kind}: a store contains no links or special files`;
    const run = setAsidePath(this.parts, `${this.parts.layout.root}/${subject}`, kind, then);
    const repair: Repair = { action: 'set-aside', subject, run };
    this.add({ severity: 'damage', subject, message, hint: HINT_WRONG_KIND, repair });
  }

  mode(path: string, stat: FileStat, mode: number): void {
    if (stat.mode === mode) return;
    const dir = this.nameOf(path).split('/')[0]!;
    const group = this.#wrongModes.get(`${dir} ${mode}`) ?? { dir, mode, paths: [] };
    group.paths.push(path);
    this.#wrongModes.set(`${dir} ${mode}`, group);
  }

  /** The entries of a directory of the store; none when it is missing, which is reported where its name is checked. */
  async list(path: string): Promise<DirEntry[]> {
    try {
      return await this.parts.disk.readdir(path);
    } catch (e) {
      if (isErrno(e, 'ENOENT', 'ENOTDIR') || isHsError(e, 'INTEGRITY')) return [];
      throw e;
    }
  }

  /** Undefined: removed meanwhile. */
  async lstat(path: string): Promise<FileStat | undefined> {
    try {
      return await this.parts.disk.lstat(path);
    } catch (e) {
      if (isErrno(e, 'ENOENT') || isHsError(e, 'INTEGRITY')) return undefined;
      throw e;
    }
  }

  /** Checks an immutable file: an object or a pack. False: removed meanwhile. */
  async file(path: string): Promise<boolean> {
    const stat = await this.lstat(path);
    if (stat === undefined) return false;
    this.mode(path, stat, OBJECT_MODE);
    if (stat.nlink > 1) {
      const subject = this.nameOf(path);
      this.add({
        severity: 'misplaced',
        subject,
        message: `${subject} has ${stat.nlink} names: a write through another name changes the object`,
        hint: HINT_REPAIR,
        repair: { action: 'separate', subject, run: copyOnto(this.parts, this.leases, path) },
      });
    }
    return true;
  }
}
