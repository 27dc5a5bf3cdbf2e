import { isErrno } from '../../src/errors/hs-error.js';
import type { Disk, SmallFile } from '../../src/fsx/disk.js';

/** `Disk.readSmall`, each call of the kernel a step. */
export async function readSmall(
  disk: Disk,
  path: string,
  buffer: Uint8Array,
  { follow }: { readonly follow: boolean },
): Promise<SmallFile | undefined> {
  const file = await disk.open(path, { access: 'read', follow });
  try {
    const before = await file.stat();
    if (before.size >= buffer.length) return undefined;
    let count = 0;
    while (count <= before.size && (count !== before.size || count === 0)) {
      const read = await file.read(buffer.subarray(count, before.size + 1), count);
      if (read === 0) break;
      count += read;
    }
    const after = await file.stat();
    if (count > before.size) return undefined;
    const same = (['size', 'mtimeNs', 'ctimeNs'] as const).every((key) => before[key] === after[key]);
    return { count, mode: before.mode, atRest: same };
  } finally {
    await file.close();
  }
}

/** `Disk.writeFile`, each call of the kernel a step. */
export async function writeFile(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  options: { readonly mode: number; readonly sync: boolean },
): Promise<void> {
  const file = await disk.open(path, { access: 'create', mode: options.mode });
  try {
    try {
      await file.write(bytes);
      if (options.sync) await file.sync();
    } finally {
      await file.close();
    }
  } catch (e) {
    await disk.unlink(path).catch((failure: unknown) => {
      if (!isErrno(failure)) throw failure;
    });
    throw e;
  }
}

/** `Disk.removeTree`, each call of the kernel a step. */
export async function removeTree(disk: Disk, path: string): Promise<void> {
  let kind: string;
  try {
    kind = (await disk.lstat(path)).kind;
  } catch (e) {
    if (isErrno(e, 'ENOENT')) return;
    throw e;
  }
  if (kind !== 'directory') return disk.unlink(path);
  for (const { name } of await disk.readdir(path)) await removeTree(disk, `${path}/${name}`);
  await disk.rmdir(path);
}
