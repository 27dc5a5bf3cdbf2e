import type { Disk } from './disk.js';

/** A file to be edited, in a directory of its own that is this user's alone. */
export interface Draft {
  readonly path: string;
  remove(): Promise<void>;
}

/** Writes a draft; EEXIST where `directory` exists, which nobody must have made before. */
export async function makeDraft(
  disk: Disk,
  directory: string,
  name: string,
  bytes: Uint8Array,
): Promise<Draft> {
  await disk.mkdir(directory, 0o700);
  const draft = { path: `${directory}/${name}`, remove: () => disk.removeTree(directory) };
  try {
    await disk.writeFile(draft.path, bytes, { mode: 0o600, sync: false });
    return draft;
  } catch (e) {
    await draft.remove();
    throw e;
  }
}
