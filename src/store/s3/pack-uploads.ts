import type { ObjectId } from '../../core/objects/ids.js';
import type { StagedPack } from '../local/objects/pack-writer.js';
import { packKey } from './keys.js';
import type { S3Parts } from './s3-parts.js';
import { upload } from './upload.js';

/** Uploads under way before the batch is published: one that is discarded waits for them to end. */
const MOST_UNDER_WAY = 2;

interface Begun {
  readonly key: string;
  /** False: it failed, or was ended, and is to be uploaded by whoever needs it. */
  readonly sent: Promise<boolean>;
}

/**
 * Sends packs that are full while the rest of their batch is still read. A key may have been condemned by the time that
 * the batch is published, or be of an epoch that is over: whoever relies on one asks the ledger first.
 */
export class PackUploads {
  readonly #parts: Pick<S3Parts, 'client' | 'mirror' | 'condemned'>;
  readonly #begun = new Map<ObjectId, Begun>();
  #underWay = 0;
  #isOver = false;

  constructor(parts: Pick<S3Parts, 'client' | 'mirror' | 'condemned'>) {
    this.#parts = parts;
  }

  /** Begins to send a pack, unless enough are under way. */
  begin({ path, name }: StagedPack): void {
    if (this.#underWay >= MOST_UNDER_WAY || this.#isOver) return;
    const key = packKey(name, this.#parts.condemned.epoch);
    this.#underWay++;
    this.#begun.set(name, { key, sent: this.#send(key, path) });
  }

  async #send(key: string, path: string): Promise<boolean> {
    const { client, mirror } = this.#parts;
    const goOn = () => {
      if (this.#isOver) throw new Error('the batch was discarded');
    };
    try {
      await upload(client, mirror, key, path, goOn);
      return true;
    } catch {
      // If this was more than a moment's trouble, or the pack has been published by now, the next try is told of it.
      return false;
    } finally {
      this.#underWay--;
    }
  }

  /** The key that a pack was sent to, once it is there; undefined: it was not. */
  async keyOf(name: ObjectId): Promise<string | undefined> {
    const begun = this.#begun.get(name);
    return (await begun?.sent) ? begun!.key : undefined;
  }

  /** Sends nothing more; resolves when nothing is under way. */
  async end(): Promise<void> {
    this.#isOver = true;
    for (const { sent } of this.#begun.values()) await sent;
  }
}
