import { createSha256, sha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import { dropCopies } from '../../store/collector/tidy.js';
import { HINT_REPAIR, type RepairableFinding } from '../../store/port/finding.js';
import type { ObjectPlace } from '../../store/port/inventory.js';
import type { ObjectFile } from '../../store/port/object-source.js';
import type { Session } from '../session/session.js';
import { ObjectMarks, type PlacedObject, type PlacedObjects } from './placed-objects.js';

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

async function hashOpen(
  session: Session,
  file: ObjectFile,
  buffer: Buffer,
  secondOpinion: boolean,
): Promise<Hashes> {
  const begin = await file.read(buffer, 0);
  // Most objects are small: one call of the hash takes half the time of three.
  if (!secondOpinion && begin < buffer.length && (await file.read(buffer.subarray(begin), begin)) === 0) {
    session.progress.advance(begin);
    return { first: sha256(buffer.subarray(0, begin)), second: undefined };
  }
  const first = createSha256();
  const second = secondOpinion
    ? (await import('../../core/objects/second-hash.js')).createSecondSha256()
    : undefined;
  let position = 0;
  for (let n = begin; n > 0; n = await file.read(buffer, position)) {
    session.signal.throwIfAborted();
    const chunk = buffer.subarray(0, n);
    first.update(chunk);
    second?.update(chunk);
    position += n;
    session.progress.advance(n);
  }
  return { first: first.digest(), second: second?.digest() };
}

/** Ids are hashes and evenly distributed; a random offset makes every run choose other objects. */
function sampler(session: Session, share: number): (id: ObjectId) => boolean {
  if (share >= 1) return () => true;
  const offset = Number.parseInt(session.random.hex(4), 16);
  return (id) => ((Number.parseInt(id.slice(0, 8), 16) + offset) % 2 ** 32) / 2 ** 32 < share;
}

/** Reads every object, or a sample, and compares its bytes with its name. */
export async function checkObjects(
  session: Session,
  objects: PlacedObjects,
  options: ObjectCheckOptions,
): Promise<CheckedObjects> {
  const isTaken = sampler(session, options.sample);
  const damaged = new Set<ObjectId>();
  const findings: RepairableFinding[] = [];
  let count = 0;
  let bytes = 0;
  /** Intact files in objects/: a damaged copy in a pack beside one is no loss. */
  const sound = new ObjectMarks(objects);
  const copies: { readonly o: PlacedObject; readonly finding: RepairableFinding }[] = [];
  const report = (o: PlacedObject, subject: string, message: string) => {
    const inTrash = o.place.batch !== undefined;
    const hint = inTrash
      ? 'it is in the trash, and will be purged with it'
      : 'if you have its bytes, use hs hash-object -w FILE; otherwise restore it from a copy';
    const finding: RepairableFinding = {
      severity: 'damage',
      subject,
      message: `${subject} ${message}`,
      hint,
    };
    if (o.place.pack !== undefined && !inTrash) copies.push({ o, finding });
    else {
      findings.push(finding);
      if (!inTrash) damaged.add(o.id);
    }
  };
  session.progress.start('reading objects', Math.round(objects.bytes * Math.min(1, options.sample)), 'bytes');
  // One buffer for all: allocating 1 MiB per file takes ten times as long as hashing a small file.
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let open: ObjectPlace | undefined;
  for (const o of objects) {
    const turn = yieldToEvents();
    if (turn !== undefined) await turn;
    session.signal.throwIfAborted();
    if (!isTaken(o.id)) continue;
    if (open !== o.place) await open?.close();
    open = o.place;
    const subject = o.place.nameOf(o.id);
    let file: ObjectFile;
    let hashes: Hashes;
    try {
      file = await o.place.open(o.id);
    } catch (e) {
      // A collector moved it meanwhile.
      if (isErrno(e, 'ENOENT')) continue;
      if (!isHsError(e, 'INTEGRITY') && !isErrno(e, 'EIO', 'EACCES', 'EPERM')) throw e;
      report(o, subject, `cannot be read: ${isHsError(e) ? e.message : e.code}`);
      continue;
    }
    try {
      hashes = await hashOpen(session, file, buffer, options.secondOpinion);
    } catch (e) {
      if (!isErrno(e, 'EIO')) throw e;
      report(o, subject, 'cannot be read: EIO');
      continue;
    } finally {
      await file.close();
    }
    count += 1;
    bytes += o.size;
    if (hashes.first !== o.id) report(o, subject, 'does not match its name: its bytes changed');
    else if (hashes.second !== undefined && hashes.second !== o.id) {
      report(o, subject, 'has different hashes in the two implementations of SHA-256');
    } else if (o.place.pack === undefined && o.place.batch === undefined) sound.add(o.id);
  }
  for (const { o, finding } of copies) {
    if (!sound.has(o.id)) {
      findings.push(finding);
      damaged.add(o.id);
      continue;
    }
    const repair: RepairableFinding['repair'] = ({ lease }) => dropCopies(session.store, lease, o.id);
    const message = `${finding.message}; objects/ has an intact copy`;
    findings.push({ ...finding, severity: 'misplaced', message, hint: HINT_REPAIR, repair });
  }
  await open?.close();
  session.progress.done();
  return { objects: count, bytes, damaged, findings };
}
