/**
 * Timestamp of every archive member, in seconds, unless `SOURCE_DATE_EPOCH` is set: 1980-01-01T00:00:00Z. A zip holds
 * no earlier one, so files unpacked with 1970 could not be zipped.
 */
export const ARCHIVE_TIME = 315_532_800;
