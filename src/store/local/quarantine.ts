import { isObjectId, type ObjectId } from '../../core/objects/ids.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { Quarantined, QuarantinedCopy } from '../port/inventory.js';
import type { LocalParts } from './local-parts.js';
import { Pack } from './objects/pack.js';
import { packNameOf } from './objects/packs.js';

const DIR_MODE = 0o700;

const baseOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
const dirOf = (path: string) => path.slice(0, path.lastIndexOf('/'));

/** Runs what fails when it is done already. */
async function unless(code: 'ENOENT' | 'EEXIST', run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (e) {
    if (!isErrno(e, code)) throw e;
    return false;
  }
}

/**
 * What repairs take out of a store because its bytes are not what they should be. Each repair has a directory named
 * after its lease; nothing in it is removed again, and only what proves to be intact is used.
 */
export class Quarantine {
  readonly #parts: LocalParts;
  readonly #dir: string;

  constructor(parts: LocalParts, lease: string) {
    this.#parts = parts;
    this.#dir = `${parts.layout.quarantine}/${lease}`;
  }

  async #makeDir(): Promise<void> {
    const { disk, layout } = this.#parts;
    for (const dir of [layout.quarantine, this.#dir]) {
      if (await unless('EEXIST', () => disk.mkdir(dir, DIR_MODE))) await disk.syncDir(dirOf(dir));
    }
  }

  /** Calls `put` with a free path: one object may be damaged in several places. */
  async #atFreePath(name: string, put: (path: string) => Promise<void>): Promise<string> {
    await this.#makeDir();
    for (let n = 0; ; n++) {
      const path = `${this.#dir}/${name}${n === 0 ? '' : `.${n}`}`;
      if (await unless('EEXIST', () => put(path))) return path;
    }
  }

  /**
   * Moves a file, or what is in the place of one; undefined: it is gone, or good. `isWanted` says of a path whether what
   * is there is good: somebody may have replaced it meanwhile. What it cannot judge stays too.
   */
  async move(path: string, isWanted: (path: string) => Promise<boolean>): Promise<string | undefined> {
    const { disk } = this.#parts;
    if ((await disk.find(path)) === undefined || (await isWanted(path))) return undefined;
    let isGone = false;
    const to = await this.#atFreePath(baseOf(path), async (free) => {
      if ((await disk.find(free)) !== undefined)
        throw Object.assign(new Error('taken'), { code: 'EEXIST', errno: -17 });
      isGone = !(await unless('ENOENT', () => disk.rename(path, free)));
    });
    if (isGone) return undefined;
    let isBad = false;
    try {
      isBad = !(await isWanted(to));
    } finally {
      if (!isBad) await unless('EEXIST', () => disk.renameNoReplace(to, path));
      await disk.syncDir(this.#dir);
      await disk.syncDir(dirOf(path));
    }
    return isBad ? to : undefined;
  }

  /** Writes bytes that cannot be moved, since they are part of a file. */
  async add(name: string, bytes: Uint8Array): Promise<void> {
    const { disk } = this.#parts;
    await this.#atFreePath(name, (path) => disk.writeFile(path, bytes, { mode: 0o444, sync: true }));
    await disk.syncDir(this.#dir);
  }
}

interface QuarantinedFile {
  /** Without the number that the second file of a name ends with. */
  readonly name: string | undefined;
  readonly path: string;
}

async function* filesIn({ disk, layout }: LocalParts): AsyncGenerator<QuarantinedFile> {
  const dirs = [layout.quarantine];
  for (let dir = dirs.pop(); dir !== undefined; dir = dirs.pop()) {
    const entries = await disk.readdir(dir).catch((e) => {
      if (!isErrno(e, 'ENOENT', 'ENOTDIR')) throw e;
      return [];
    });
    for (const { name, kind } of entries) {
      if (kind === 'directory' && name !== undefined) dirs.push(`${dir}/${name}`);
      else yield { name: name?.replace(/\.\d+$/, ''), path: `${dir}/${name}` };
    }
  }
}

/** The files in the quarantine. */
export async function quarantined(parts: LocalParts): Promise<Quarantined> {
  let [files, size_bytes] = [0, 0];
  for await (const { name, path } of filesIn(parts)) {
    files += 1;
    size_bytes += name === undefined ? 0 : ((await parts.disk.find(path))?.size ?? 0);
  }
  return { files, size_bytes };
}

/** `Inventory.quarantineOf`. */
export async function quarantineOf(
  parts: LocalParts,
  ids: ReadonlySet<ObjectId> | 'any',
): Promise<string | undefined> {
  for await (const { name, path } of filesIn(parts)) {
    const isOther =
      ids !== 'any' &&
      (isObjectId(name ?? '') ? !ids.has(name as ObjectId) : await isPackWithout(parts, ids, name, path));
    if (!isOther) return parts.layout.quarantine;
  }
  return undefined;
}

/** `Inventory.quarantinedCopies`. */
export async function quarantinedCopies(
  parts: LocalParts,
  ids: ReadonlySet<ObjectId>,
): Promise<readonly QuarantinedCopy[]> {
  const found: QuarantinedCopy[] = [];
  const { disk, layout } = parts;
  for await (const { name, path } of filesIn(parts)) {
    if (name === undefined || !isObjectId(name) || !ids.has(name)) continue;
    const shown = path.slice(layout.root.length + 1);
    found.push({ id: name, name: shown, open: () => disk.open(path, { access: 'read' }) });
  }
  return found;
}

async function isPackWithout(
  { disk }: LocalParts,
  ids: ReadonlySet<ObjectId>,
  file: string | undefined,
  path: string,
): Promise<boolean> {
  const name = packNameOf(file);
  if (name === undefined) return false;
  try {
    const pack = await Pack.open(disk, name, path);
    await pack.close();
    pack.index.verify(name);
    return ![...ids].some((id) => pack.index.find(id) !== undefined);
  } catch (e) {
    if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
    return false;
  }
}
