import type { SafePath } from '../paths/safe-path.js';

/** File name of a manifest beside the files it describes, in an export and in a bundle. */
export const MANIFEST_NAME = 'artifact.json' as SafePath;
