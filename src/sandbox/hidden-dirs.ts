/** Directories that bubblewrap hides: it mounts an empty tmpfs on each. The tool's own directories are below that on /run. */
export const HIDDEN_DIRS: readonly string[] = ['/tmp', '/var/tmp', '/run'];

/** Them as part of a sentence; `shown` is how each is written. */
export function hiddenDirsText(shown = (dir: string) => dir): string {
  return HIDDEN_DIRS.map((dir) => shown(dir))
    .join(', ')
    .replace(/, ([^,]*)$/, ' and $1');
}
