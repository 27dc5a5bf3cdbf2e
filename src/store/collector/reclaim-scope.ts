/** The trash as it was at one position of the ledger. */
export interface SeenTrash {
  /** Names of its batches. */
  readonly batches: ReadonlySet<string>;
  /** Of the newest entry: what was removed until then and is not in a batch is purged too. */
  readonly seq: number;
}

/** What of the unused a collection takes out of packs and purges, beyond what is due. */
export interface ReclaimScope {
  /** Also purge objects that are still within their trash window: all, or those that somebody saw. */
  readonly emptyTrash: boolean | SeenTrash;
  /** Also take apart packs of which little is unused; emptying all of the trash does. */
  readonly repack?: boolean | undefined;
}

/** Whether no pack is left as it is. Without a trash window nobody is told that what stays could be brought back. */
export function takesAll({ emptyTrash, repack, trashDays }: ReclaimScope & { readonly trashDays: number }) {
  return emptyTrash === true || repack === true || trashDays === 0;
}
