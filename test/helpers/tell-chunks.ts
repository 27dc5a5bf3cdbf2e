import { fileURLToPath } from 'node:url';

/** For NODE_OPTIONS: hs says on standard error `chunk NAME kept|compiled`, of each as it is loaded. */
export const TELL_CHUNKS = `--require=${fileURLToPath(new URL('./tell-chunks.cjs', import.meta.url))}`;
