import * as z from 'zod/mini';
import { canonicalBytes, parseCanonical } from '../../core/json/canonical.js';
import { uuid } from '../../core/json/schema.js';
import { isHsError } from '../../errors/hs-error.js';
import type { FileStat } from '../../fsx/disk.js';
import type { StoreTrust } from '../port/local-side.js';
import type { StateDir } from './state-dir.js';

const MAX_BYTES = 64 * 1024;
/** Number of copies of one store to remember; those not accepted are dropped first. */
const MOST_PLACES = 32;

const placeSchema = z.strictObject({
  device: z.string().check(z.maxLength(32)),
  inode: z.string().check(z.maxLength(32)),
  /** Last known path. Device numbers change on reboot. */
  path: z.string().check(z.maxLength(4096)),
  accepted: z.boolean(),
  /** The accepted output root, absolute. */
  output_root: z.optional(z.string().check(z.maxLength(4096))),
});
const schema = z.strictObject({
  store_id: uuid,
  places: z.array(placeSchema).check(z.maxLength(MOST_PLACES)),
});
type Place = z.output<typeof placeSchema>;

/** Identifies a store by device and inode, or by inode and path, in a file of the user's state directory. */
export class TrustFile implements StoreTrust {
  readonly #state: StateDir;
  readonly #storeId: string;
  readonly #root: string;
  readonly #stat: Pick<FileStat, 'dev' | 'ino'>;
  /** Records that could not be written; valid for this command. */
  #unwritten: readonly Place[] | undefined;

  constructor(state: StateDir, storeId: string, root: string, stat: Pick<FileStat, 'dev' | 'ino'>) {
    this.#state = state;
    this.#storeId = storeId;
    this.#root = root;
    this.#stat = stat;
  }

  get place(): string | undefined {
    return this.#state.path;
  }

  get #name(): string {
    return `${this.#storeId}.places`;
  }

  async #load(): Promise<readonly Place[]> {
    return this.#unwritten ?? (await this.#read()) ?? [];
  }

  async #read(): Promise<readonly Place[] | undefined> {
    const bytes = await this.#state.read(this.#name, MAX_BYTES);
    if (bytes === undefined) return undefined;
    try {
      const result = z.safeParse(schema, parseCanonical(bytes, MAX_BYTES));
      return result.success && result.data.store_id === this.#storeId ? result.data.places : [];
    } catch (e) {
      if (isHsError(e, 'INVALID_RECORD')) return [];
      throw e;
    }
  }

  async #here(): Promise<Place | undefined> {
    const [device, inode] = [String(this.#stat.dev), String(this.#stat.ino)];
    return (await this.#load()).find(
      (place) => place.inode === inode && (place.device === device || place.path === this.#root),
    );
  }

  async isKnown(): Promise<boolean> {
    return (await this.#here()) !== undefined;
  }

  async isAccepted(): Promise<boolean> {
    return (await this.#here())?.accepted ?? false;
  }

  async acceptedOutputRoot(): Promise<string | undefined> {
    const here = await this.#here();
    return here?.accepted ? here.output_root : undefined;
  }

  async isUnrecorded(): Promise<boolean> {
    return (await this.#read()) === undefined;
  }

  note(): Promise<boolean> {
    return this.#write({ accepted: false });
  }

  accept(outputRoot?: string): Promise<boolean> {
    return this.#write({ accepted: true, ...(outputRoot === undefined ? {} : { output_root: outputRoot }) });
  }

  async #write(what: Pick<Place, 'accepted' | 'output_root'>): Promise<boolean> {
    const here = await this.#here();
    const place: Place = {
      ...here,
      ...what,
      device: String(this.#stat.dev),
      inode: String(this.#stat.ino),
      path: this.#root,
    };
    const others = (await this.#load()).filter((other) => other !== here);
    const kept = [...others]
      .sort((a, b) => Number(b.accepted) - Number(a.accepted))
      .slice(0, MOST_PLACES - 1);
    const places = [place, ...kept];
    const bytes = canonicalBytes({ store_id: this.#storeId, places: places.map((p) => ({ ...p })) });
    const written = await this.#state.replace(this.#name, bytes);
    this.#unwritten = written ? undefined : places;
    return written;
  }
}
