import { isS3Url } from '../../core/paths/s3-url.js';
import type { StoreHome } from './backend.js';

/** Stores in directories, and those on services, which are loaded when one is named. */
export function withServices(local: StoreHome, remote: () => Promise<StoreHome>): StoreHome {
  const homeOf = async (named: string | undefined) => (isS3Url(named) ? remote() : local);
  return {
    open: async (named) => (await homeOf(named)).open(named),
    create: async (request, clock) => (await homeOf(request.workspace)).create(request, clock),
    around: () => local.around(),
  };
}
