import type { Manifest } from './manifest.js';

/** Labels that hs sets itself. Labels that begin with `hs.` are reserved. */

/** Number of entries of a tool's output that were refused. */
export const REFUSED_LABEL = 'hs.refused';

/**
 * `true` on a file that its owner could execute. A directory's index says that of each file (A3); the content
 * hash of a single file is that of its bytes alone (A2), so its manifest does.
 */
export const EXECUTABLE_LABEL = 'hs.executable';

/** Of what came from another store or workspace: the layer that it had there. */
export const FROM_LAYER_LABEL = 'hs.import.layer';

/** Of the same: what the content hash that it had there is the hash of. */
export const HASH_FORM_LABEL = 'hs.import.hash_form';

/** On a debug bundle: its mode. */
export const DEBUG_LABEL = 'hs.debug';

/** The label for a file that was read, if it needs one. */
export function executableLabel(executable: boolean): Record<string, string> {
  return executable ? { [EXECUTABLE_LABEL]: 'true' } : {};
}

/** Whether a single file leaves as an executable one. */
export function isExecutable({ labels }: Pick<Manifest, 'labels'>): boolean {
  return labels?.[EXECUTABLE_LABEL] === 'true';
}
