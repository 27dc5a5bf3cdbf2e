import type { Environment, Random } from '../../core/effects.js';
import { isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import { makeDirs } from '../../fsx/make-dirs.js';

const SECRET = 'secret';
const SECRET_BYTES = 32;
const MAX_SECRET_BYTES = 256;

/**
 * The directory for what hs remembers about stores for this user, outside all of them. Without a home there is none;
 * where it cannot be written, nothing is remembered and no command fails because of that.
 */
export class StateDir {
  readonly path: string | undefined;
  readonly #disk: Disk;
  readonly #random: Random;
  #secret: string | undefined;

  constructor(disk: Disk, random: Random, env: Environment) {
    this.#disk = disk;
    this.#random = random;
    const state = env.get('XDG_STATE_HOME');
    const base = state?.startsWith('/')
      ? state
      : env.home === undefined
        ? undefined
        : `${env.home}/.local/state`;
    this.path = base === undefined ? undefined : `${base}/hs/anchors`;
  }

  /** The bytes of a file; undefined when it is missing or cannot be read. */
  async read(name: string, maxBytes: number): Promise<Uint8Array | undefined> {
    if (this.path === undefined) return undefined;
    try {
      return await this.#disk.readFile(`${this.path}/${name}`, maxBytes);
    } catch (e) {
      if (isErrno(e)) return undefined;
      throw e;
    }
  }

  /** Whether the directory is writable; tested by writing, since mode bits are not conclusive. */
  async isWritable(): Promise<boolean> {
    return this.#stage('probe', new Uint8Array(), (tmp) => this.#disk.unlink(tmp));
  }

  /**
   * Replaces a file atomically and durably: after a power cut it is the old or the new one. False: could not be
   * written.
   */
  async replace(name: string, bytes: Uint8Array): Promise<boolean> {
    return this.#stage(name, bytes, (tmp, path) => this.#disk.rename(tmp, path));
  }

  /**
   * A secret of this user, by which hs recognizes what it wrote into a store. `make` creates it if missing; undefined
   * where it can be neither read nor created.
   */
  async secret(make: boolean): Promise<string | undefined> {
    const known = this.#secret ?? (await this.#readSecret());
    if (known !== undefined || !make) return this.#remember(known);
    const bytes = Buffer.from(this.#random.hex(SECRET_BYTES));
    await this.#stage(SECRET, bytes, async (tmp, path) => {
      // Another command may be first, and then its secret is used.
      await this.#disk.link(tmp, path).catch((e) => {
        if (!isErrno(e, 'EEXIST')) throw e;
      });
      await this.#disk.unlink(tmp);
      // A journal is durable but worthless without the secret that seals it.
      await this.#disk.syncDir(this.path!);
    });
    return this.#remember(await this.#readSecret());
  }

  /** What one call has read is not lost to another that could not read it. */
  #remember(read: string | undefined): string | undefined {
    this.#secret ??= read;
    return this.#secret;
  }

  async #readSecret(): Promise<string | undefined> {
    const bytes = await this.read(SECRET, MAX_SECRET_BYTES);
    return bytes?.length === 2 * SECRET_BYTES ? Buffer.from(bytes).toString('latin1') : undefined;
  }

  async #stage(
    name: string,
    bytes: Uint8Array,
    publish: (tmp: string, path: string) => Promise<void>,
  ): Promise<boolean> {
    if (this.path === undefined) return false;
    const path = `${this.path}/${name}`;
    const tmp = `${path}.${this.#random.hex(8)}`;
    try {
      await makeDirs(this.#disk, this.path, { durable: true });
      await this.#disk.writeFile(tmp, bytes, { mode: 0o600, sync: true });
      await publish(tmp, path);
      return true;
    } catch (e) {
      if (isErrno(e)) return false;
      throw e;
    }
  }
}
