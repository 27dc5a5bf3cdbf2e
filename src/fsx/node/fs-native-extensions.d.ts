/** The parts that hs uses of a package without types. Both functions throw errors with an errno name as `code`. */
declare module 'fs-native-extensions' {
  const extensions: {
    /** False when the exclusive lock of the open file is held elsewhere. */
    tryLock(fd: number): boolean;
    swapSync(from: string, to: string): void;
  };
  export default extensions;
}
