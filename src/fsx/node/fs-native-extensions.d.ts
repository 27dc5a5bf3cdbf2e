/** What hs uses of a package that ships no types. Both throw errors with an errno name as `code`. */
declare module 'fs-native-extensions' {
  const extensions: {
    /** Whether the exclusive lock of the open file was free. */
    tryLock(fd: number): boolean;
    swapSync(from: string, to: string): void;
  };
  export default extensions;
}
