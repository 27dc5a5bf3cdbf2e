/** 1980-01-01T00:00:00Z. A zip holds no earlier time, so files unpacked with 1970 could not be zipped. */
const DEFAULT_TIME = 315_532_800;

/** Time of every member of an archive in seconds since 1970: the one asked for (`SOURCE_DATE_EPOCH`), or the default. */
export function archiveTime(asked = DEFAULT_TIME): number {
  return asked;
}
