/** Files of the kernel that a tool finds empty: they list the keys of all namespaces. */
export const EMPTIED_FILES = ['/proc/keys', '/proc/key-users'] as const;
