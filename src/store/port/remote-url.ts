import type { StoreHome } from './backend.js';

const SCHEME = 's3://';

/** Whether a store is named by its place on an S3 service, `s3://BUCKET/PREFIX`. */
export function isS3Url(named: string | undefined): named is string {
  return named?.startsWith(SCHEME) ?? false;
}

/** Stores in directories, and those on services, which are loaded when one is named. */
export function withServices(local: StoreHome, remote: () => Promise<StoreHome>): StoreHome {
  const homeOf = async (named: string | undefined) => (isS3Url(named) ? remote() : local);
  return {
    open: async (named) => (await homeOf(named)).open(named),
    create: async (request, clock) => (await homeOf(request.workspace)).create(request, clock),
    around: () => local.around(),
  };
}
