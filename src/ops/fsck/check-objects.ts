import { createSha256, type Sha256, sha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { type HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import { dropCopies } from '../../store/collector/tidy.js';
import { HINT_LOST, HINT_REPAIR, type Repair, type RepairableFinding } from '../../store/port/finding.js';
import type { ObjectBytes, ObjectPlace } from '../../store/port/inventory.js';
import type { ObjectFile } from '../../store/port/object-source.js';
import type { Session } from '../session/session.js';
import type { Expectations } from './expectations.js';
import { ObjectMarks, type PlacedObject, type PlacedObjects } from './placed-objects.js';

const HINT_KEPT =
  'nothing to do: readers take the intact copy, and a collection removes this one with its pack';

const CHUNK_BYTES = 1024 * 1024;

export interface ObjectCheckOptions {
  /** Also hash with the second implementation. */
  readonly secondOpinion: boolean;
  /** Fraction of the objects to read, 0 to 1. */
  readonly sample: number;
}

export interface CheckedObjects {
  readonly objects: number;
  readonly bytes: number;
  /** Objects in objects/ whose bytes do not match their name. */
  readonly damaged: ReadonlySet<ObjectId>;
  readonly findings: readonly RepairableFinding[];
}

interface Hashes {
  readonly first: ObjectId;
  readonly second: ObjectId | undefined;
}

/** Ids are hashes and evenly distributed; a random offset makes every run choose other objects. */
function sampler(session: Session, share: number): (id: ObjectId) => boolean {
  if (share >= 1) return () => true;
  const offset = Number.parseInt(session.random.hex(4), 16);
  return (id) => ((Number.parseInt(id.slice(0, 8), 16) + offset) % 2 ** 32) / 2 ** 32 < share;
}

class ObjectCheck {
  readonly damaged = new Set<ObjectId>();
  readonly findings: RepairableFinding[] = [];
  objects = 0;
  bytes = 0;
  readonly #session: Session;
  readonly #expected: Expectations | undefined;
  /** The second implementation, if it is asked for. */
  readonly #second: (() => Sha256) | undefined;
  /** Intact files in objects/: a damaged copy in a pack beside one is no loss. */
  readonly #sound: ObjectMarks;
  readonly #copies: { readonly id: ObjectId; readonly finding: RepairableFinding }[] = [];
  /** One buffer for all: allocating 1 MiB per file takes ten times as long as hashing a small file. */
  readonly #buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);

  constructor(
    session: Session,
    objects: PlacedObjects,
    expected: Expectations | undefined,
    second: (() => Sha256) | undefined,
  ) {
    this.#session = session;
    this.#expected = expected;
    this.#second = second;
    this.#sound = new ObjectMarks(objects);
  }

  #report(id: ObjectId, place: ObjectPlace, message: string, canBeRead = true): void {
    const subject = place.nameOf(id);
    const inTrash = place.batch !== undefined;
    const hint = inTrash ? 'it is in the trash, and will be purged with it' : HINT_LOST;
    const finding: RepairableFinding = {
      severity: 'damage',
      subject,
      message: `${subject} ${message}`,
      hint,
      // What is in the trash must neither come into use nor outlive its purge.
      ...(inTrash ? {} : { wanted: [id] }),
      ...(canBeRead && !inTrash ? { place } : {}),
    };
    if (place.pack !== undefined && !inTrash) this.#copies.push({ id, finding });
    else {
      this.findings.push(finding);
      if (!inTrash) this.damaged.add(id);
    }
  }

  #hashesOf(bytes: Uint8Array): Hashes {
    const second = this.#second?.();
    second?.update(bytes);
    // Most objects are small: one call of the hash takes half the time of three.
    return { first: sha256(bytes), second: second?.digest() };
  }

  /** `bytes`: the whole object, where it is small. */
  #judge(
    id: ObjectId,
    size: number,
    place: ObjectPlace,
    { first, second }: Hashes,
    bytes?: Uint8Array,
  ): void {
    this.objects += 1;
    this.bytes += size;
    if (first !== id) this.#report(id, place, 'does not match its name: its bytes changed');
    else if (second !== undefined && second !== id) {
      this.#report(id, place, 'has different hashes in the two implementations of SHA-256');
    } else {
      if (place.pack === undefined && place.batch === undefined) this.#sound.add(id);
      if (bytes !== undefined) this.#expected?.look(id, bytes);
    }
  }

  /** Reads a container as a whole. */
  async readAll(place: ObjectPlace, blocks: AsyncIterable<readonly ObjectBytes[]>): Promise<void> {
    const { progress, signal } = this.#session;
    for await (const block of blocks) {
      let count = 0;
      for (const { id, size, bytes } of block) {
        if (bytes === undefined) await this.#readOne(id, size, place);
        else {
          this.#judge(id, size, place, this.#hashesOf(bytes), bytes);
          count += size;
        }
      }
      progress.advance(count);
      await yieldToEvents();
      signal.throwIfAborted();
    }
  }

  /** Reads some objects of a container. */
  async readEach(place: ObjectPlace, objects: Iterable<PlacedObject>): Promise<void> {
    for (const { id, size } of objects) {
      const turn = yieldToEvents();
      if (turn !== undefined) await turn;
      this.#session.signal.throwIfAborted();
      await this.#readOne(id, size, place);
    }
  }

  async #readOne(id: ObjectId, size: number, place: ObjectPlace): Promise<void> {
    let file: ObjectFile;
    try {
      file = await place.open(id);
    } catch (e) {
      // A collector moved it meanwhile.
      if (isErrno(e, 'ENOENT')) return;
      if (!isHsError(e, 'INTEGRITY') && !isErrno(e, 'EIO', 'EACCES', 'EPERM')) throw e;
      this.#cannotRead(id, place, e);
      return;
    }
    try {
      const begin = await file.read(this.#buffer, 0);
      const rest = this.#buffer.subarray(begin);
      this.#session.progress.advance(begin);
      if (rest.length > 0 && (await file.read(rest, begin)) === 0) {
        const bytes = this.#buffer.subarray(0, begin);
        this.#judge(id, size, place, this.#hashesOf(bytes), bytes);
      } else this.#judge(id, size, place, await this.#hashOpen(file));
    } catch (e) {
      if (!isHsError(e, 'INTEGRITY') && !isErrno(e, 'EIO')) throw e;
      this.#cannotRead(id, place, e);
    } finally {
      await file.close();
    }
  }

  /** What a damaged pack cannot give is lost, whatever the disk does; the rest may be readable another time. */
  #cannotRead(id: ObjectId, place: ObjectPlace, e: HsError | NodeJS.ErrnoException): void {
    const isLost = isHsError(e) && place.pack !== undefined;
    this.#report(id, place, `cannot be read: ${isHsError(e) ? e.message : e.code}`, isLost);
  }

  /** Hashes a file of which the first bytes are known. */
  async #hashOpen(file: ObjectFile): Promise<Hashes> {
    const [first, second] = [createSha256(), this.#second?.()];
    for (let position = 0; ; ) {
      const count = await file.read(this.#buffer, position);
      if (count === 0) return { first: first.digest(), second: second?.digest() };
      this.#session.signal.throwIfAborted();
      const chunk = this.#buffer.subarray(0, count);
      first.update(chunk);
      second?.update(chunk);
      if (position > 0) this.#session.progress.advance(count);
      position += count;
    }
  }

  /** Once all were read. */
  finish(): void {
    for (const { id, finding } of this.#copies) {
      if (!this.#sound.has(id)) {
        this.findings.push(finding);
        this.damaged.add(id);
        continue;
      }
      const { subject } = finding;
      if (this.#session.store.reclaimer.keepsCopies) {
        const message = `${finding.message}; there is an intact copy`;
        this.findings.push({ severity: 'misplaced', subject, message, hint: HINT_KEPT });
        continue;
      }
      const run: Repair['run'] = ({ lease }) => dropCopies(this.#session.store, lease, id);
      const message = `${finding.message}; objects/ has an intact copy`;
      const repair: Repair = { action: 'drop', subject, run };
      this.findings.push({ severity: 'misplaced', subject, message, hint: HINT_REPAIR, repair });
    }
  }
}

function* some(objects: Iterable<PlacedObject>, isTaken: (id: ObjectId) => boolean) {
  for (const o of objects) if (isTaken(o.id)) yield o;
}

/**
 * Reads every object once, or a sample, and compares its bytes with its name and with what is expected of it. Packs are
 * read from their beginning to their end.
 */
export async function checkObjects(
  session: Session,
  objects: PlacedObjects,
  expected: Expectations | undefined,
  { secondOpinion, sample }: ObjectCheckOptions,
): Promise<CheckedObjects> {
  const isTaken = sampler(session, sample);
  const second = secondOpinion
    ? (await import('../../core/objects/second-hash.js')).createSecondSha256
    : undefined;
  const check = new ObjectCheck(session, objects, expected, second);
  session.progress.start('reading objects', Math.round(objects.bytes * Math.min(1, sample)), 'bytes');
  for (const { place, objects: each } of objects.groups()) {
    try {
      const contents = sample < 1 ? undefined : await place.contents?.();
      if (contents === undefined) await check.readEach(place, some(each, isTaken));
      else await check.readAll(place, contents);
    } finally {
      await place.close();
    }
  }
  check.finish();
  session.progress.done();
  return check;
}
