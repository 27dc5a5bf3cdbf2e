/** Modes of what is written. */
export interface Modes {
  readonly file: number;
  readonly executable: number;
  readonly directory: number;
}

/**
 * What the umask leaves, as tar(1) and cp(1) do; of what is private the owner's part alone. Directories stay
 * open to their owner, as with `mkdir -p`: they are written to, and removed one day.
 */
export function modesUnder(umask: number, isPrivate: boolean): Modes {
  const kept = ~umask & (isPrivate ? 0o700 : 0o777);
  return { file: 0o666 & kept, executable: 0o777 & kept, directory: kept | 0o700 };
}
