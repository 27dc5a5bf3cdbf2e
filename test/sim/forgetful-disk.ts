import type { Disk } from '../../src/fsx/disk.js';

/** The same disk with every kind of sync forgotten. */
export function forgetful(disk: Disk): Disk {
  const bound = <T extends object>(target: T, key: PropertyKey) => {
    const value = Reflect.get(target, key) as unknown;
    return typeof value === 'function' ? value.bind(target) : value;
  };
  return new Proxy(disk, {
    get(target, key) {
      if (key === 'within')
        return async (...args: Parameters<Disk['within']>) => forgetful(await target.within(...args));
      if (key === 'syncDir') return async () => undefined;
      if (key === 'syncFilesystem') return async () => true;
      if (key === 'writeFile') {
        return (path: string, bytes: Uint8Array, o: { mode: number }) =>
          target.writeFile(path, bytes, { ...o, sync: false });
      }
      if (key === 'open') {
        return async (...args: Parameters<Disk['open']>) =>
          new Proxy(await target.open(...args), {
            get: (file, k) => (k === 'sync' ? async () => undefined : bound(file, k)),
          });
      }
      return bound(target, key);
    },
  });
}
