import type { S3Client } from './client/s3-client.js';
import type { Condemnations } from './condemnations.js';
import type { Fetcher } from './fetcher.js';
import type { Mirror } from './mirror.js';
import type { S3Ledger } from './s3-ledger.js';
import type { S3Objects } from './s3-objects.js';
import type { S3Trash } from './s3-trash.js';

/** Shared by the parts of a store on a service. */
export interface S3Parts {
  readonly client: S3Client;
  readonly mirror: Mirror;
  readonly ledger: S3Ledger;
  readonly condemned: Condemnations;
  readonly fetcher: Fetcher;
  readonly trash: S3Trash;
  readonly objects: S3Objects;
}
