import type { Manifest } from './manifest.js';

/** Labels that hs sets itself. Labels that begin with `hs.` are reserved. */

/** Number of entries of a tool's output that were refused. */
export const REFUSED_LABEL = 'hs.refused';

/**
 * `true` for a file that its owner could execute. A directory's index records that for each file (A3); a single
 * file's content hash covers only its bytes (A2), so its manifest records it.
 */
export const EXECUTABLE_LABEL = 'hs.executable';

/** For artifacts from another store or workspace: their layer there. */
export const FROM_LAYER_LABEL = 'hs.import.layer';

/** For artifacts from another store or workspace: what their content hash there is the hash of. */
export const HASH_FORM_LABEL = 'hs.import.hash_form';

/** For a debug bundle: its mode. */
export const DEBUG_LABEL = 'hs.debug';

/** The executable label of a file, if it needs one. */
export function executableLabel(executable: boolean): Record<string, string> {
  return executable ? { [EXECUTABLE_LABEL]: 'true' } : {};
}

/** Whether a single file is exported as executable. */
export function isExecutable({ labels }: Pick<Manifest, 'labels'>): boolean {
  return labels?.[EXECUTABLE_LABEL] === 'true';
}
