/** File modes of the output. */
export interface Modes {
  readonly file: number;
  readonly executable: number;
  readonly directory: number;
}

/**
 * The mode under the umask, as with tar(1) and cp(1); for private output, only the owner's bits. Directories stay
 * accessible to their owner, as with `mkdir -p`: they are written to, and removed one day.
 */
export function modesUnder(umask: number, isPrivate: boolean): Modes {
  const kept = ~umask & (isPrivate ? 0o700 : 0o777);
  return { file: 0o666 & kept, executable: 0o777 & kept, directory: kept | 0o700 };
}
