import { type DirNode, pathOf } from './nodes.js';
import { LONGEST_NAME, type Place, type Task } from './resolve.js';

/** No name with as many code units is too long, whatever they are in UTF-8. */
const SHORT_NAME = Math.floor(LONGEST_NAME / 3);

/**
 * The directories that a user has reached by their own paths, without links: most operations are in one of them. Forgotten
 * as soon as any directory moves or lets others in.
 */
export class KnownDirs {
  readonly #dirs = new Map<string, DirNode>();
  #uid: number | undefined;

  forget(): void {
    this.#dirs.clear();
  }

  /** What `resolve` finds, when it is clear without a walk. */
  find({ uid }: Task, path: string, follow: boolean): Place | undefined {
    if (uid !== this.#uid) return undefined;
    const slash = path.lastIndexOf('/');
    const dir = this.#dirs.get(path.slice(0, slash));
    if (dir === undefined) return undefined;
    const key = path.slice(slash + 1);
    if (key === '' || key === '.' || key === '..' || key.length > SHORT_NAME || key.includes('\0'))
      return undefined;
    const node = dir.entries.get(key);
    return node?.kind === 'symlink' && follow ? undefined : { dir, key, node };
  }

  /** Takes note of what `resolve` found. */
  learn({ uid }: Task, path: string, { dir, key }: Place): void {
    if (path.startsWith('/proc/')) return;
    const above = path.slice(0, path.lastIndexOf('/'));
    if (key === '' || pathOf(dir) !== (above === '' ? '/' : above)) return;
    if (uid !== this.#uid) this.forget();
    this.#uid = uid;
    this.#dirs.set(above, dir);
  }
}
