import type { Random } from '../../core/effects.js';
import type { Json } from '../../core/json/canonical.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk, DiskFile, FileStat } from '../../fsx/disk.js';
import type { DeadLease, Exclusive, ExclusiveName, Lease, LeaseTable } from '../port/lease-table.js';
import { JournalSeal, type ReadJournal, readJournal, sealedRecord } from './journal-seal.js';
import type { Layout } from './layout.js';
import type { StateDir } from './state-dir.js';

const MAX_JOURNAL_BYTES = 16 * 1024 * 1024;
/** A judge holds a new lease for microseconds (17 of 62,000 were refused): this many new files are plenty. */
const MAX_TRIES = 100;
/** What a journal is bound to: the store, and this user through a secret in the state directory. */
interface KnownBy {
  readonly id: string;
  readonly state: Pick<StateDir, 'secret'>;
  /** Owner of every file in the store. */
  readonly owner?: number;
}
type SealFor = (token: string, stat: FileStat) => Promise<JournalSeal | undefined>;

const TOKEN = /^[0-9a-f]{24}$/;

/** Files that this user creates would be theirs and lock out the owner of the store. */
function belongsToAnother(owner: number): HsError {
  return new HsError('REFUSED', `the store belongs to another user (uid ${owner}), so you can only read it`, {
    hint: 'run hs as its owner; create a store for a group with: hs init --shared',
  });
}

export function isLeaseToken(name: string): boolean {
  return TOKEN.test(name);
}

/** Earlier versions staged the first entry under this name; a power cut may have left it. */
const FIRST_ENTRY = 'entry';

/** Whether a file in tmp/ is unclaimed. `leases`, live and dead, must be listed after tmp/. */
export function isUnclaimed(name: string, leases: ReadonlySet<string>): boolean {
  const token = name.split('-')[0]!;
  return name === FIRST_ENTRY || (isLeaseToken(token) && !leases.has(token));
}

/**
 * A file with a kernel lock, which the kernel releases when the process dies, however it dies. Its content is the
 * command's journal.
 */
class LeaseFile implements Lease {
  readonly token: string;
  readonly #disk: Disk;
  readonly #path: string;
  readonly #file: DiskFile;
  readonly #sealFor: SealFor;
  #seal: Promise<JournalSeal | undefined> | undefined;
  #named = false;
  #abandoned = false;

  constructor(disk: Disk, path: string, token: string, file: DiskFile, sealFor: SealFor) {
    this.#disk = disk;
    this.#path = path;
    this.token = token;
    this.#file = file;
    this.#sealFor = sealFor;
  }

  async journal(record: Json): Promise<void> {
    this.#seal ??= this.#sealFor(this.token, await this.#file.stat());
    await this.#file.write(sealedRecord(await this.#seal, record));
    await this.#file.sync();
    // Makes the file name durable: without it the journal would be lost in a power cut. Most leases have none.
    if (!this.#named) await this.#disk.syncDir(this.#path.slice(0, this.#path.lastIndexOf('/')));
    this.#named = true;
  }

  abandon(): void {
    this.#abandoned = true;
  }

  async release(): Promise<void> {
    try {
      if (!this.#abandoned) await this.#disk.unlink(this.#path);
    } catch (e) {
      // Read-only or gone: closing releases the lock, and a judge removes the file.
      if (!isErrno(e)) throw e;
    } finally {
      await this.#file.close();
    }
  }
}

export class LeaseFiles implements LeaseTable {
  readonly #disk: Disk;
  readonly #layout: Layout;
  readonly #random: Random;
  readonly #known: KnownBy;

  constructor(disk: Disk, layout: Layout, random: Random, known: KnownBy) {
    this.#known = known;
    this.#disk = disk;
    this.#layout = layout;
    this.#random = random;
  }

  /** Creates and locks the file, then checks that it still exists: a judge may have removed it in between. */
  async take(): Promise<Lease> {
    try {
      return await this.#take();
    } catch (e) {
      // The lease is the first write: on failure it is the store that cannot be written, not this file.
      if (!isErrno(e, 'EROFS', 'EACCES', 'EPERM')) throw e;
      throw Object.assign(e, { syscall: 'write to', path: this.#layout.root });
    }
  }

  async #take(): Promise<Lease> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const token = this.#random.hex(12);
      const path = this.#layout.lease(token);
      const file = await this.#disk.open(path, { access: 'create', mode: 0o600 });
      try {
        const locked = await file.tryLock();
        const { nlink, uid } = await file.stat();
        const { owner = uid } = this.#known;
        if (uid !== owner) throw belongsToAnother(owner);
        if (locked && nlink > 0)
          return new LeaseFile(this.#disk, path, token, file, (...of) => this.#sealOf(true, ...of));
      } catch (e) {
        await this.#drop(path, file);
        throw e;
      }
      await this.#drop(path, file);
    }
    throw new HsError('CONFLICT', 'cannot acquire a lease', {
      hint: 'another program keeps removing files in .hsstore/leases',
    });
  }

  /** Whatever fails: closing frees the lock even then, and a judge removes the file. */
  async #drop(path: string, file: DiskFile): Promise<void> {
    await this.#disk.unlink(path).catch(() => undefined);
    await file.close().catch(() => undefined);
  }

  async list(): Promise<string[]> {
    const entries = await this.#disk.readdir(this.#layout.leases);
    return entries
      .map((e) => e.name)
      .filter((name) => name !== undefined)
      .filter(isLeaseToken)
      .sort();
  }

  async exists(token: string): Promise<boolean> {
    try {
      await this.#disk.lstat(this.#layout.lease(token));
      return true;
    } catch (e) {
      if (isErrno(e, 'ENOENT')) return false;
      throw e;
    }
  }

  async judge(token: string): Promise<DeadLease | undefined> {
    if (!TOKEN.test(token)) return undefined;
    let file: DiskFile;
    try {
      file = await this.#disk.open(this.#layout.lease(token), { access: 'update' });
    } catch (e) {
      if (isErrno(e)) return undefined;
      throw e;
    }
    try {
      if (!(await file.tryLock())) {
        await file.close();
        return undefined;
      }
      const stat = await file.stat();
      const { records, foreign } = await this.#journalOf(token, stat);
      return {
        token,
        journal: records,
        foreign,
        uid: stat.uid,
        discardStaged: () => this.#discardStaged(token),
        clear: async () => {
          await this.#unlink(token);
          await file.close();
        },
        leave: () => file.close(),
      };
    } catch (e) {
      await file.close();
      if (isErrno(e)) return undefined;
      throw e;
    }
  }

  async assumeDead(token: string): Promise<void> {
    if (!TOKEN.test(token) || !(await this.exists(token))) {
      throw new HsError('NOT_FOUND', `there is no lease '${token}'`, { hint: 'hs doctor lists the leases' });
    }
    await this.#unlink(token);
  }

  async #discardStaged(token: string): Promise<void> {
    for (const { name, kind } of await this.#disk.readdir(this.#layout.tmp)) {
      // A run directory that could not be removed was reported.
      if (!name?.startsWith(`${token}-`) || kind === 'directory') continue;
      await this.#disk.unlink(`${this.#layout.tmp}/${name}`).catch((e) => {
        if (!isErrno(e, 'ENOENT')) throw e;
      });
    }
  }

  /**
   * A power cut may restore a name that was removed, giving an object or entry two. What cannot be removed is
   * harmless, and fsck reports it.
   */
  async discardUnclaimed(): Promise<void> {
    const staged = await this.#disk.readdir(this.#layout.tmp);
    if (staged.length === 0) return;
    // Listed after tmp/: a command that started in between has a lease.
    const leases = new Set(await this.list());
    for (const { name, kind } of staged) {
      if (name === undefined || kind !== 'file' || !isUnclaimed(name, leases)) continue;
      await this.#disk.unlink(`${this.#layout.tmp}/${name}`).catch((e) => {
        if (!isErrno(e)) throw e;
      });
    }
  }

  /** The kernel lock on `gc.lock`. */
  async exclusive(_name: ExclusiveName): Promise<Exclusive | undefined> {
    const path = this.#layout.gcLock;
    let lock: DiskFile;
    try {
      lock = await this.#disk.open(path, { access: 'update' });
    } catch (e) {
      if (!isErrno(e, 'EINVAL', 'ELOOP')) throw e;
      throw new HsError('INTEGRITY', `'${path}' is not a file`, {
        hint: 'hs fsck lists files that do not belong',
      });
    }
    try {
      if (await lock.tryLock()) return { release: () => lock.close() };
    } catch (e) {
      await lock.close();
      throw e;
    }
    await lock.close();
    return undefined;
  }

  async #unlink(token: string): Promise<void> {
    try {
      await this.#disk.unlink(this.#layout.lease(token));
    } catch (e) {
      if (!isErrno(e, 'ENOENT')) throw e;
    }
  }

  async #journalOf(token: string, stat: FileStat): Promise<ReadJournal> {
    if (stat.size === 0) return { records: [], foreign: false };
    try {
      const bytes = await this.#disk.readFile(this.#layout.lease(token), MAX_JOURNAL_BYTES);
      return readJournal(bytes, await this.#sealOf(false, token, stat));
    } catch (e) {
      if (isErrno(e, 'ETOOLARGE')) return { records: [], foreign: true };
      throw e;
    }
  }

  async #sealOf(make: boolean, lease: string, { ino }: FileStat): Promise<JournalSeal | undefined> {
    const secret = await this.#known.state.secret(make);
    if (secret === undefined) return undefined;
    return new JournalSeal(secret, { store_id: this.#known.id, lease, inode: String(ino) });
  }
}
