/** More packs than this are not named in an entry; their objects are then found by a listing. */
export const MOST_PACKS = 64;
/** Where a pack of a store on a service is, `NAME/EPOCH`. The source of a regular expression. */
export const PACK_PLACE = '[0-9a-f]{64}/[0-9]{10}';
