import { join } from 'node:path';
import type { Random } from '../../core/effects.js';
import { STORE_DIR } from '../../core/paths/store-dir.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import type { Guarantee } from '../../fsx/safe-dir.js';
import type { DirectoryPayload, FilePayload, PayloadSource } from '../payload/payload-source.js';
import {
  type Destination,
  type OpenDestination,
  openDestination,
  type Protected,
  refuseProtected,
  removeMade,
} from './destination.js';
import { destinationError } from './destination-error.js';
import { inheritGroup, SETGID } from './inherit-group.js';
import { identityAt } from './list-replaced.js';
import { type Modes, modesUnder } from './modes.js';
import { checkFileDestination, publishFile } from './publish-file.js';
import { checkTreeDestination, publishNewTree, type ReplaceRules, replaceTree } from './publish-tree.js';
import { discardReplaced, inspectStaging, type StagingOutcome, settleStaging } from './settle-staging.js';
import { type StagedContent, stageFile, throwIfAborted } from './stage-file.js';
import { stageTree } from './stage-tree.js';
import type { Journal, StagingRecord } from './staging-journal.js';

export interface MaterializeOptions extends Partial<ReplaceRules> {
  /** The umask of the process; default 022. */
  readonly umask?: number;
  /** Only the owner gets access to the output. Directories created on the way are not included. */
  readonly isPrivate?: boolean;
  readonly protect: Protected;
  readonly random: Random;
  readonly signal?: AbortSignal;
  /** Records what will lie outside the store before it does; after a kill, the next writing command reads it. */
  readonly journal?: Journal;
  /** Called if something is left beside the destination, for which that journal must be kept. */
  onUnfinished?(): void;
  /** Called for each file with its size, for progress. */
  onFile?(bytes: number): void;
}

export interface Materialized {
  /** Absolute, without links. */
  readonly path: string;
  readonly replaced: boolean;
  readonly guarantee: Guarantee;
  /** For a file: hash and size as written. */
  readonly staged?: StagedContent;
  /** Warnings for the user despite success. */
  readonly warnings: readonly string[];
}

/**
 * The only function that writes outside the store (B1). Atomic: concurrent readers, and a restart after a crash, see
 * either the old state or the new one (B2). Errors: DEST_EXISTS, UNSAFE_PATH, INTEGRITY, INTERRUPTED, SYSTEM; after any
 * of them the destination is unchanged, or the error says where its old contents are kept. OUTCOME_UNKNOWN only if the
 * destination was published but its directory could not be synced, or concurrent changes could not be put back.
 */
export async function materialize(
  disk: Disk,
  source: PayloadSource,
  destination: Destination,
  options: MaterializeOptions,
): Promise<Materialized> {
  throwIfAborted(options.signal);
  const shown = join(destination.root, destination.path);
  refusePlantedStore(destination.path);
  if (source.type === 'directory') for (const { path } of source.entries) refusePlantedStore(path);
  try {
    const { umask = DEFAULT_UMASK } = options;
    const open = await openDestination(disk, destination, modesUnder(umask, false).directory);
    let published = false;
    try {
      await refuseProtected(disk, open, options.protect);
      const run = new Run(open, options);
      const result = source.type === 'file' ? await run.file(source) : await run.tree(source);
      published = true;
      return result;
    } finally {
      await open.parent.close();
      if (!published) await removeMade(disk, open.made);
    }
  } catch (e) {
    throw isErrno(e) ? destinationError(e, shown) : e;
  }
}

/**
 * A payload must not become a store: whoever works in that directory would be subject to a policy, and complete
 * operations from journals, that somebody else wrote.
 */
function refusePlantedStore(path: string): void {
  if (!path.includes(STORE_DIR) || !path.split('/').includes(STORE_DIR)) return;
  throw new HsError('UNSAFE_PATH', `path '${escapeText(path)}' is refused: it would create a store`, {
    hint: '--format tar can contain it',
  });
}

const DEFAULT_UMASK = 0o022;
/** Not accessible to others while it is built: its files may be readable, but an incomplete tree is not. */
const BUILDING_MODE = 0o700;

class Run {
  readonly #at: OpenDestination;
  readonly #options: MaterializeOptions;
  readonly #modes: Modes;
  readonly #temporary: string;
  /** The last record given to the journal. */
  #record: StagingRecord;

  constructor(at: OpenDestination, options: MaterializeOptions) {
    this.#at = at;
    this.#options = options;
    this.#modes = modesUnder(options.umask ?? DEFAULT_UMASK, options.isPrivate === true);
    this.#temporary = this.#newName();
    this.#record = { path: at.path, temporary: this.#temporary, paths: [...at.made] };
  }

  async file(payload: FilePayload): Promise<Materialized> {
    const { force = false, signal } = this.#options;
    const mode = payload.executable === true ? this.#modes.executable : this.#modes.file;
    const replaced = (await checkFileDestination(this.#at, force)) === 'file';
    return this.#staging(async () => {
      const expected = { ...payload, subject: this.#at.path };
      const parent = this.#at.parent;
      const staged = await stageFile(parent, this.#temporary, mode, payload.stream(), expected, {
        sync: true,
        signal,
      });
      this.#options.onFile?.(staged.size);
      await this.#beforePublishing();
      const how = await publishFile(this.#at, this.#temporary, force);
      const warnings = how === 'linked' ? await this.#clean(() => parent.unlink(this.#temporary)) : [];
      await this.#sync();
      return this.#result({ replaced, staged, warnings });
    });
  }

  async tree(payload: DirectoryPayload): Promise<Materialized> {
    const { force = false, discardExisting = false, recorded, signal } = this.#options;
    const old = await checkTreeDestination(this.#at, { force, discardExisting, recorded });
    return this.#staging(async () => {
      const top = await this.#at.parent.makeChild(this.#temporary, BUILDING_MODE);
      const modes = this.#modes;
      let notes: string[];
      try {
        notes = old === undefined ? [] : await inheritGroup(this.#at, this.#temporary, old);
        const onFile = this.#options.onFile;
        await stageTree(top, payload, { modes, signal, ...(onFile === undefined ? {} : { onFile }) });
        if (modes.directory !== BUILDING_MODE) {
          const handedDown = (await top.stat()).mode & SETGID;
          await this.#at.parent.chmod(this.#temporary, modes.directory | handedDown);
        }
      } finally {
        await top.close();
      }
      if (old === undefined) {
        await this.#beforePublishing();
        await publishNewTree(this.#at, this.#temporary, force);
        await this.#sync();
        return this.#result({ replaced: false });
      }
      const [aside, discard] = [this.#newName(), this.#newName()];
      const { identity, inventory } = old;
      await this.#beforePublishing({ replaced: { identity, inventory }, aside, discard });
      const waiting = await replaceTree(this.#at, this.#temporary, old, aside);
      await this.#sync();
      const warnings =
        waiting === undefined
          ? []
          : await this.#clean(() => discardReplaced(this.#at.parent, waiting, discard));
      return this.#result({ replaced: true, warnings: [...notes, ...warnings] });
    });
  }

  /** The journal exists before the first temporary file, and no temporary file remains after a failure. */
  async #staging(run: () => Promise<Materialized>): Promise<Materialized> {
    await this.#options.journal?.(this.#record);
    try {
      return await run();
    } catch (e) {
      throw await this.#afterFailure(e);
    }
  }

  /** The last point at which the command can be stopped, and the last update of the journal. */
  async #beforePublishing(more: Partial<StagingRecord> = {}): Promise<void> {
    throwIfAborted(this.#options.signal);
    const staged = await identityAt(this.#at.parent, this.#temporary);
    if (staged === undefined) throw new HsError('CONFLICT', 'the staged files are gone; nothing was written');
    this.#record = { ...this.#record, staged, ...more };
    await this.#options.journal?.(this.#record);
  }

  async #sync(): Promise<void> {
    try {
      await this.#at.parent.sync();
    } catch (cause) {
      throw new HsError(
        'OUTCOME_UNKNOWN',
        `'${escapeText(this.#at.path)}' was written, but may not be durable`,
        {
          hint: 'its directory could not be synced; check the disk',
          cause,
        },
      );
    }
  }

  /** The error to throw: the failure itself, unless the destination has changed. */
  async #afterFailure(e: unknown): Promise<unknown> {
    if (isHsError(e, 'OUTCOME_UNKNOWN')) {
      this.#options.onUnfinished?.();
      return e;
    }
    const { published, kept } = await this.#settled();
    if (!published && kept === undefined) return e;
    const shown = escapeText(this.#at.path);
    const why = e instanceof Error ? escapeText(e.message) : '';
    return new HsError(
      published ? 'OUTCOME_UNKNOWN' : 'CONFLICT',
      `'${shown}' ${published ? 'was replaced' : 'could be neither replaced nor put back'}: ${why}`,
      {
        ...(kept === undefined ? {} : { hint: `the previous contents are '${escapeText(kept)}' beside it` }),
        cause: e,
      },
    );
  }

  async #settled(): Promise<StagingOutcome> {
    try {
      return await settleStaging(this.#at.parent, this.#record);
    } catch (e) {
      if (!isErrno(e) && !(e instanceof HsError)) throw e;
      this.#options.onUnfinished?.();
      return inspectStaging(this.#at.parent, this.#record);
    }
  }

  /** The new state is in place; leftovers beside it do not justify a failure. */
  async #clean(run: () => Promise<void>): Promise<string[]> {
    try {
      await run();
      return [];
    } catch (e) {
      if (!isErrno(e) && !(e instanceof HsError)) throw e;
      this.#options.onUnfinished?.();
      return [`what is left beside it could not be removed, the next writing command will: ${e.message}`];
    }
  }

  #result(more: { replaced: boolean; staged?: StagedContent; warnings?: readonly string[] }): Materialized {
    const { guarantee } = this.#at.parent;
    const weaker =
      guarantee === 'descriptor'
        ? []
        : ['/proc is not mounted: a directory swapped meanwhile is detected, not prevented'];
    return { path: this.#at.path, guarantee, ...more, warnings: [...weaker, ...(more.warnings ?? [])] };
  }

  #newName(): string {
    return `.hs-tmp-${this.#options.random.hex(16)}`;
  }
}
