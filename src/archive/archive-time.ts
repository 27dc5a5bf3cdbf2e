import { HsError } from '../errors/hs-error.js';

/** 1980-01-01T00:00:00Z. A zip holds no earlier time, so files unpacked with 1970 could not be zipped. */
const DEFAULT_TIME = 315_532_800;

/** Time of every member of an archive in seconds since 1970: the one asked for (`SOURCE_DATE_EPOCH`), or the default. */
export function archiveTime(asked = DEFAULT_TIME): number {
  return asked;
}

/** 11 octal digits could hold more, but tar-stream counts seconds in 32 bits. */
const MAX_TIME = 2 ** 31 - 1;

/** USAGE for a time that no archive of hs can have. */
export function demandArchiveTime(time: number): void {
  if (Number.isInteger(time) && time >= 0 && time <= MAX_TIME) return;
  throw new HsError('USAGE', `the time ${time} of archive entries is not between 0 and ${MAX_TIME}`, {
    hint: 'SOURCE_DATE_EPOCH sets it, or mtime in the library',
  });
}
