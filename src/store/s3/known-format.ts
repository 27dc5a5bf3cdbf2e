import { sha256 } from '../../core/objects/hash.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import { makeDirs } from '../../fsx/make-dirs.js';
import type { LocalPorts } from '../local/local-backend.js';
import { MAX_FORMAT_BYTES } from '../port/format.js';
import type { S3Client } from './client/s3-client.js';
import { FORMAT_KEY } from './keys.js';
import { cacheDirectory } from './mirror-place.js';

/** `format.json` of the store at an address, which never changes: fetched once, and kept with its hash. */
export class KnownFormat {
  readonly #ports: Pick<LocalPorts, 'disk' | 'random'>;
  readonly #dir: string | undefined;
  readonly #path: string;

  constructor({ disk, random, env }: LocalPorts, address: string) {
    this.#ports = { disk, random };
    const base = cacheDirectory(env);
    this.#dir = base === undefined ? undefined : `${base}/places`;
    this.#path = `${this.#dir}/${sha256(Buffer.from(address))}`;
  }

  /** As it was fetched before; undefined: it was not. */
  async kept(): Promise<Uint8Array | undefined> {
    if (this.#dir === undefined) return undefined;
    try {
      const bytes = await this.#ports.disk.readFile(this.#path, 2 * MAX_FORMAT_BYTES);
      const [text = '', sum] = Buffer.from(bytes).toString().split('\n');
      return sum === sha256(Buffer.from(text)) ? Buffer.from(text) : undefined;
    } catch (e) {
      if (isErrno(e)) return undefined;
      throw e;
    }
  }

  /** Undefined: there is no store. */
  async fetch(client: S3Client): Promise<Uint8Array | undefined> {
    const bytes = await client.get(FORMAT_KEY);
    if (bytes !== undefined && bytes.length <= MAX_FORMAT_BYTES) await this.#keep(bytes);
    return bytes;
  }

  async #keep(bytes: Uint8Array): Promise<void> {
    if (this.#dir === undefined) return;
    const { disk, random } = this.#ports;
    const staged = `${this.#path}.${random.hex(6)}`;
    try {
      await makeDirs(disk, this.#dir, { durable: false });
      const text = Buffer.concat([bytes, Buffer.from(`\n${sha256(bytes)}`)]);
      await disk.writeFile(staged, text, { mode: 0o600, sync: false });
      await disk.rename(staged, this.#path);
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
  }

  /** INTEGRITY when the store that was opened is not the one that is there. */
  async demandSame(client: S3Client, opened: Uint8Array): Promise<void> {
    const there = await client.get(FORMAT_KEY);
    if (there !== undefined && Buffer.compare(there, opened) === 0) return;
    await this.#ports.disk.unlink(this.#path).catch((e) => {
      if (!isErrno(e)) throw e;
    });
    throw new HsError('INTEGRITY', `the store at '${client.place}' is not the one that was there before`, {
      hint: 'to use the one that is there now, run the command again',
    });
  }
}
