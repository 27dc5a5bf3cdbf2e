/** Objects that are larger are sent and fetched in parts of some such size, in bytes. */
export const PART_BYTES = 8 * 1024 * 1024;
