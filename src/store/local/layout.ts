import type { ObjectId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import type { Rooting } from '../../fsx/disk.js';

/** Entries in a ledger directory: listing one stays well below a millisecond. */
export const ENTRIES_PER_DIR = 1024;
/** File extension of a pack. */
export const PACK_ENDING = '.pack';
/** Directory in `cache/` of the index over packs. */
export const PACKS_INDEX = 'packs-index';
const SEQ_DIGITS = 10;
const DIR_DIGITS = 6;

const LEDGER_FILE = /^(\d{10})\.json$/;
const LEDGER_DIR = /^\d{6}$/;
/**
 * Directories that may be empty, and are missing from a copy or clone. Not the ledger: without one there is no store.
 */
const REMADE_DIR = /^(?:objects(?:\/[0-9a-f]{2})?|packs|leases|trash|tmp|cache)$/;
/** Directories that no command removes or renames. */
const LASTING_DIR = /^(?:objects(?:\/[0-9a-f]{2})?|ledger(?:\/\d{6})?|packs|leases|trash|tmp|cache)$/;

/** Rooting of a store's directories (`Disk.within`). */
export const ROOTING: Rooting = {
  holds: (directory) => LASTING_DIR.test(directory),
  remakes: (directory) => REMADE_DIR.test(directory),
  mode: 0o700,
};

/**
 * Paths in a store directory (hsstore-format(5)). Names inside a trash batch or cache/ are defined where they are
 * written.
 */
export class Layout {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get format(): string {
    return `${this.root}/format.json`;
  }
  get objects(): string {
    return `${this.root}/objects`;
  }
  get packs(): string {
    return `${this.root}/packs`;
  }
  get ledger(): string {
    return `${this.root}/ledger`;
  }
  get leases(): string {
    return `${this.root}/leases`;
  }
  get trash(): string {
    return `${this.root}/trash`;
  }
  get tmp(): string {
    return `${this.root}/tmp`;
  }
  get cache(): string {
    return `${this.root}/cache`;
  }
  /** The index over packs; made when it is first written. */
  get packsIndex(): string {
    return `${this.cache}/${PACKS_INDEX}`;
  }
  /** Made by the first repair that needs it; older versions leave it alone. */
  get quarantine(): string {
    return `${this.root}/quarantine`;
  }
  get gcLock(): string {
    return `${this.root}/gc.lock`;
  }

  /** Two-level fan-out: 256 directories, all created by init, so that publishing an object never creates one. */
  objectDir(id: ObjectId): string {
    return `${this.objects}/${id.slice(0, 2)}`;
  }
  /** The file name is the full hash, so that `sha256sum` output can be compared directly. */
  object(id: ObjectId): string {
    return `${this.objectDir(id)}/${id}`;
  }
  /** `name` is the pack's name without the extension. */
  pack(name: ObjectId): string {
    return `${this.packs}/${name}${PACK_ENDING}`;
  }
  trashBatch(batch: string): string {
    return `${this.trash}/${batch}`;
  }
  trashed(batch: string, id: ObjectId): string {
    return `${this.trash}/${batch}/${id}`;
  }
  trashedPack(batch: string, name: ObjectId): string {
    return `${this.trash}/${batch}/${name}${PACK_ENDING}`;
  }
  lease(token: string): string {
    return `${this.leases}/${token}`;
  }
  ledgerDir(seq: number): string {
    return `${this.ledger}/${ledgerDirName(Math.floor(seq / ENTRIES_PER_DIR))}`;
  }
  entry(seq: number): string {
    return `${this.ledgerDir(seq)}/${String(seq).padStart(SEQ_DIGITS, '0')}.json`;
  }
}

export function ledgerDirName(n: number): string {
  const name = String(n).padStart(DIR_DIGITS, '0');
  if (name.length > DIR_DIGITS) throw new HsError('SYSTEM', 'the ledger is full: 1,024,000,000 entries');
  return name;
}

/** The number of a ledger directory, or undefined for a stray name. */
export function parseLedgerDir(name: string | undefined): number | undefined {
  return name !== undefined && LEDGER_DIR.test(name) ? Number(name) : undefined;
}

/** The number of a ledger file, or undefined for a stray name. */
export function parseLedgerFile(name: string | undefined): number | undefined {
  const match = name === undefined ? null : LEDGER_FILE.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** Names of the 256 object directories. */
export const FAN_OUT: readonly string[] = Array.from({ length: 256 }, (_, i) =>
  i.toString(16).padStart(2, '0'),
);
