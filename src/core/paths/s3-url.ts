const SCHEME = 's3://';

/** Whether a store is named by its place on an S3 service, `s3://BUCKET/PREFIX`. */
export function isS3Url(named: string | undefined): named is string {
  return named?.startsWith(SCHEME) ?? false;
}
