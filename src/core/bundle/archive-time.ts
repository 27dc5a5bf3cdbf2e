/**
 * The time of everything in an archive where `SOURCE_DATE_EPOCH` gives none, in seconds: 1980-01-01T00:00:00Z. A
 * zip holds no earlier one, so what is unpacked with 1970 cannot be put into one.
 */
export const ARCHIVE_TIME = 315_532_800;
