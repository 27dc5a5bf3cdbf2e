import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import type { PackEntry } from '../../../core/objects/pack-index.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import type { Repairing } from '../../port/finding.js';
import type { LocalParts } from '../local-parts.js';
import { Quarantine } from '../quarantine.js';
import { BatchFiles } from './batch-files.js';
import { Pack, type WholePack } from './pack.js';
import { type PackMove, Repack } from './repack.js';
import { isSoundFile } from './sound-file.js';
import { isSoundPack } from './sound-pack.js';
import { soundPacks } from './tidy-packs.js';

/** `Reclaimer.setAside`; one collector at a time. */
export async function setAside(
  parts: LocalParts,
  ids: ReadonlySet<ObjectId>,
  lease: string,
): Promise<ReadonlySet<ObjectId>> {
  const { disk, files, layout } = parts;
  const quarantine = new Quarantine(parts, lease);
  const left = new Set<ObjectId>();
  for (const id of ids) {
    const path = layout.object(id);
    await quarantine.move(path, async (at) => {
      const isSound = await isSoundFile(disk, at, id);
      // It may be readable another time, and be the only good copy.
      if (isSound === undefined) left.add(id);
      return isSound !== false;
    });
  }
  const sources: PackMove[] = [];
  const unreadable: WholePack[] = [];
  for (const pack of await soundPacks(files.packs)) {
    const unsound = new Set<ObjectId>();
    let isReadable = true;
    for (const id of ids) {
      const slot = pack.index.find(id);
      if (slot === undefined) continue;
      try {
        const bytes = await pack.read(slot);
        if (sha256(bytes) === id) continue;
        await quarantine.add(id, bytes);
        unsound.add(id);
      } catch (e) {
        if (isHsError(e, 'INTEGRITY')) isReadable = false;
        else if (isErrno(e, 'EIO')) left.add(id);
        else throw e;
      }
    }
    // The whole pack is moved there, and what can be read is copied before.
    for (const n of isReadable ? [] : pack.index.inFileOrder()) {
      const entry = pack.index.entry(n);
      if ((await bytesIfWhole(pack, entry)) === undefined) unsound.add(entry.id);
    }
    const to = ({ id }: PackEntry) => (unsound.has(id) ? undefined : layout.packs);
    if (unsound.size > 0) sources.push({ pack, to, after: isReadable ? 'goes' : 'stays' });
    if (!isReadable) unreadable.push(pack);
  }
  const repack = new Repack(parts, lease);
  await repack.run(sources);
  for (const { index } of repack.damaged)
    for (const id of ids) if (index.find(id) !== undefined) left.add(id);
  for (const { name, path } of unreadable.filter((pack) => !repack.damaged.includes(pack)))
    await quarantine.move(path, (at) => isSoundPack(disk, name, at));
  await files.packs?.refresh();
  return new Set([...ids].filter((id) => !left.has(id)));
}

/** The bytes of an object; undefined where they are lost. An error where they may be read another time. */
async function bytesIfWhole(pack: WholePack, entry: PackEntry): Promise<Uint8Array | undefined> {
  try {
    return await pack.read(entry);
  } catch (e) {
    if (!isHsError(e, 'INTEGRITY')) throw e;
    return undefined;
  }
}

async function openIfPack(disk: Disk, name: ObjectId, path: string): Promise<WholePack | undefined> {
  try {
    return await Pack.open(disk, name, path, { mends: true });
  } catch (e) {
    if (!isHsError(e, 'INTEGRITY')) throw e;
    return undefined;
  }
}

/**
 * Moves a pack whose index is damaged to the quarantine, once the objects in it that match their names, or the names
 * that its index must have had, have files of their own; not if it was written anew meanwhile. One collector at a time.
 */
export async function setPackAside(
  parts: LocalParts,
  name: ObjectId,
  path: string,
  under: Repairing,
): Promise<boolean> {
  const { disk } = parts;
  const batch = new BatchFiles(parts, under.lease);
  const pack = await openIfPack(disk, name, path);
  const add = async (id: ObjectId, bytes: Uint8Array) => {
    // Not found in this pack.
    batch.distrust(id);
    await batch.addBytes(bytes);
  };
  try {
    const others = new Map<number, ObjectId>();
    for (let n = 0; pack !== undefined && n < pack.index.length; n++) {
      const entry = pack.index.entry(n);
      const bytes = await bytesIfWhole(pack, entry);
      if (bytes === undefined) continue;
      const id = sha256(bytes);
      if (id === entry.id) await add(id, bytes);
      else others.set(n, id);
    }
    // With the hashes of the bytes in place of the ids, it is the index of its name: they are what was damaged.
    const areIds = pack?.index.isNamed(name, others) === true;
    for (const [n, id] of areIds ? others : []) await add(id, await pack!.read(pack!.index.entry(n)));
    await batch.publish();
  } finally {
    await pack?.close();
    await batch.discard();
  }
  return movePackAside(parts, name, path, under);
}

/** Moves a pack to the quarantine, in use or in the trash, unless it is good by now. */
export async function movePackAside(
  parts: LocalParts,
  name: ObjectId,
  path: string,
  { lease }: Repairing,
): Promise<boolean> {
  await new Quarantine(parts, lease).move(path, (at) => isSoundPack(parts.disk, name, at));
  await parts.files.packs?.refresh();
  return true;
}
