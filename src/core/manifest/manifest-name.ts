import type { SafePath } from '../paths/safe-path.js';

/** What a manifest is called among the files that it describes: in an export with it, and in a bundle. */
export const MANIFEST_NAME = 'artifact.json' as SafePath;
