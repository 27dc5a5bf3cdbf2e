import { escapeText } from '../core/text/escape-control.js';
import { HsError, isErrno } from '../errors/hs-error.js';
import type { Disk, DiskDir, Rooting } from './disk.js';
import { errnoError } from './errno.js';

/** A directory whose new files inherit its group. */
const SETGID = 0o2000;
/** The owner permissions that a shared store extends to its group. */
export const FILE_BITS = 0o600;
export const DIR_BITS = 0o700 | SETGID;

/** A directory for one operation. `path` accesses it, `named` is its path for display. */
interface Place {
  readonly path: string;
  readonly named: string;
  readonly dir: DiskDir;
  readonly held: boolean;
}

/** The directories below a root, each reached through the descriptor of the one above it. */
export class Rooted {
  readonly #inner: Disk;
  readonly #root: string;
  readonly #rooting: Rooting;
  #top: Place | undefined;
  readonly #held = new Map<string, Place>();
  #isReleased = false;
  /** Operations under way. */
  #running = 0;
  #whenIdle = () => {};

  constructor(inner: Disk, root: string, rooting: Rooting) {
    this.#inner = inner;
    this.#root = root;
    this.#rooting = rooting;
  }

  async open(): Promise<Place> {
    if (this.#top !== undefined) return this.#top;
    const dir = await this.#inner.openDir(this.#root);
    if (this.#top !== undefined) await dir.close();
    else this.#top = { dir, path: dir.path, named: this.#root, held: true };
    return this.#top;
  }

  /** After the operations under way: a descriptor that is closed under one may be that of another directory by then. */
  async release(): Promise<void> {
    this.#isReleased = true;
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    const places = [...this.#held.values(), ...(this.#top === undefined ? [] : [this.#top])];
    this.#held.clear();
    this.#top = undefined;
    for (const { dir } of places) await dir.close();
  }

  isOutside(path: string): boolean {
    return path !== this.#root && !path.startsWith(`${this.#root}/`);
  }

  /** Creates something with a mode and the right owner. `bits`: permissions a group may share. */
  async create<T>(
    path: string,
    mode: number,
    bits: number,
    run: (path: string, mode: number) => Promise<T>,
  ): Promise<T> {
    if (this.isOutside(path)) return run(path, mode);
    return this.at(path, true, (at) => this.#make(at, mode, bits, run));
  }

  async #make<T>(
    at: string,
    mode: number,
    bits: number,
    run: (path: string, mode: number) => Promise<T>,
  ): Promise<T> {
    const { owner, shared } = this.#rooting;
    const made = await run(at, shared ? mode | ((mode & bits) >> 3) | (bits & SETGID) : mode);
    if (owner !== undefined) await this.#inner.chown(at, owner);
    return made;
  }

  /** Runs an operation on a name, through its directory. `makes`: recreate that directory if it is missing. */
  async at<T>(path: string, makes: boolean, run: (path: string) => Promise<T>): Promise<T> {
    if (this.isOutside(path)) return run(path);
    const names = this.#namesOf(path);
    const name = names.pop();
    if (name === undefined) throw errnoError('EBUSY', 'change', path);
    return this.#in(names, makes, (place) => run(`${place.path}/${name}`));
  }

  /** Runs an operation on a directory itself; `none` is the result for a missing one that may be recreated. */
  async below<T>(path: string, run: (path: string, dir?: DiskDir) => Promise<T>, none?: () => T): Promise<T> {
    if (this.isOutside(path)) return run(path);
    const names = this.#namesOf(path);
    try {
      return await this.#in(names, false, (place) => run(place.path, place.dir));
    } catch (e) {
      if (none === undefined || !isErrno(e, 'ENOENT') || !this.#rooting.remakes(names.join('/'))) throw e;
      return none();
    }
  }

  /** A descriptor of a directory, owned by the caller. */
  async openDir(path: string): Promise<DiskDir> {
    const names = this.#namesOf(path);
    const name = names.pop();
    // A link in /proc points to the root that is held open.
    if (name === undefined)
      return this.#in([], false, ({ path }) => this.#inner.openDir(path, { follow: true }));
    return this.#in(names, false, (place) => this.#child(place, name));
  }

  async #in<T>(names: readonly string[], makes: boolean, run: (place: Place) => Promise<T>): Promise<T> {
    if (this.#isReleased) throw new HsError('USAGE', `'${escapeText(this.#root)}' was closed`);
    this.#running++;
    try {
      return await this.#through(names, makes, run);
    } finally {
      if (--this.#running === 0) this.#whenIdle();
    }
  }

  async #through<T>(names: readonly string[], makes: boolean, run: (place: Place) => Promise<T>): Promise<T> {
    for (let again = false; ; again = true) {
      const place = await this.#walk(names, makes);
      try {
        return await run(place);
      } catch (e) {
        if (!again && isErrno(e, 'ENOENT') && (await this.#isGone(place, names))) continue;
        throw named(e, place);
      } finally {
        if (!place.held) await place.dir.close();
      }
    }
  }

  /**
   * Whether a held directory was removed meanwhile (the store was restored from a copy); it is then looked up again.
   */
  async #isGone(place: Place, names: readonly string[]): Promise<boolean> {
    const key = names.join('/');
    if (this.#held.get(key) !== place || (await place.dir.stat()).nlink > 0) return false;
    this.#held.delete(key);
    await place.dir.close();
    return true;
  }

  async #walk(names: readonly string[], makes: boolean): Promise<Place> {
    const whole = this.#held.get(names.join('/'));
    if (whole !== undefined) return whole;
    let place = await this.open();
    for (let i = 0; i < names.length; i++) {
      const key = names.slice(0, i + 1).join('/');
      const next = this.#held.get(key) ?? (await this.#enter(place, names[i]!, key, makes));
      place = next;
    }
    return place;
  }

  async #enter(above: Place, name: string, key: string, makes: boolean): Promise<Place> {
    try {
      const dir = await this.#child(above, name).catch(async (e) => {
        if (!makes || !isErrno(e, 'ENOENT') || !this.#rooting.remakes(key)) throw e;
        await this.#remake(above, name);
        return this.#child(above, name);
      });
      const held = this.#rooting.holds(key);
      const place: Place = { dir, path: dir.path, named: `${this.#root}/${key}`, held };
      const other = held ? this.#held.get(key) : undefined;
      if (other !== undefined) {
        await dir.close();
        return other;
      }
      if (held) this.#held.set(key, place);
      return place;
    } catch (e) {
      throw named(e, above);
    } finally {
      if (!above.held) await above.dir.close();
    }
  }

  /** Recreates a directory: copies and clones lose empty ones. */
  async #remake(above: Place, name: string): Promise<void> {
    try {
      const { mode } = this.#rooting;
      await this.#make(`${above.path}/${name}`, mode, DIR_BITS, (at, shared) =>
        this.#inner.mkdir(at, shared),
      );
    } catch (e) {
      if (!isErrno(e, 'EEXIST')) throw e;
    }
    await above.dir.sync();
  }

  async #child(above: Place, name: string): Promise<DiskDir> {
    const path = `${above.path}/${name}`;
    try {
      return await this.#inner.openDir(path);
    } catch (e) {
      if (!isErrno(e, 'ENOTDIR', 'ELOOP')) throw e;
      const kind = (await this.#inner.find(path))?.kind;
      if (kind === undefined || kind === 'directory') throw e;
      const what = kind === 'symlink' ? 'a link' : 'no directory';
      throw new HsError('INTEGRITY', `'${escapeText(`${above.named}/${name}`)}' is ${what}`, {
        hint: 'hs never creates links in a store: find out who did, then remove it; see hs fsck',
      });
    }
  }

  #namesOf(path: string): string[] {
    const names = path === this.#root ? [] : path.slice(this.#root.length + 1).split('/');
    if (names.some((name) => name === '' || name === '.' || name === '..')) {
      throw new HsError('UNSAFE_PATH', `'${escapeText(path)}' is refused: it is not a plain path`);
    }
    return names;
  }
}

/** A system error with the path for display instead of a descriptor path. */
function named(e: unknown, { path, named: name }: Place): unknown {
  if (!isErrno(e) || path === name) return e;
  const error = e as NodeJS.ErrnoException & { dest?: string };
  const plain = (text: string) =>
    text.split(`${path}/`).join(`${name}/`).split(`'${path}'`).join(`'${name}'`);
  error.message = plain(error.message);
  for (const key of ['path', 'dest'] as const) {
    const at = error[key];
    if (at !== undefined) error[key] = at === path ? name : plain(at);
  }
  return error;
}
