import { escapeText } from '../../core/text/escape-control.js';
import { HsError } from '../../errors/hs-error.js';
import type { SafeDir } from '../../fsx/safe-dir.js';

/** The owner's permissions without which no name in a directory can be removed. */
const OWNER_REMOVES = 0o300;

/**
 * Removes a name and everything below it, never through a link or into a mount; a missing name is not an error. Only
 * for what hs staged or replaced: unlike `rm -rf`, it makes read-only directories writable first.
 */
export async function removeOwnedTree(parent: SafeDir, name: string): Promise<void> {
  const stat = await parent.lstat(name);
  if (stat === undefined) return;
  if (stat.kind !== 'directory') return parent.unlink(name);
  const dir = await parent.childOnMount(name);
  try {
    if ((stat.mode & OWNER_REMOVES) !== OWNER_REMOVES) await parent.chmod(name, stat.mode | OWNER_REMOVES);
    for (const entry of await dir.readdir()) {
      if (entry.name === undefined) throw unnameable(name);
      if (entry.kind === 'directory') await removeOwnedTree(dir, entry.name);
      else await dir.unlink(entry.name);
    }
  } finally {
    await dir.close();
  }
  await parent.rmdir(name);
}

export function unnameable(directory: string): HsError {
  return new HsError('CONFLICT', `'${escapeText(directory)}' holds a name that is not UTF-8`, {
    hint: 'rename or remove that file, then run the command again',
  });
}
