import { mirroredStore } from './mirrored-store.js';
import { indexedStore, packedStore, plainStore, type SmallStore } from './small-stores.js';

/** The small stores that are damaged, by name. */
export const STORES: Readonly<Record<string, (base: string) => Promise<SmallStore>>> = {
  files: plainStore,
  packs: packedStore,
  index: indexedStore,
  mirror: mirroredStore,
};
