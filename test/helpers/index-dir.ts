import { readdirSync } from 'node:fs';

/** The one catalog index in the cache of the store at `root`, and its files whose names begin with `begin`. */
export function indexFiles(root: string, begin = ''): string[] {
  const names = readdirSync(`${root}/cache`).filter((name) => name.startsWith('catalog-'));
  if (names.length !== 1) throw new Error(`indexes: ${names.join(', ')}`);
  const dir = `${root}/cache/${names[0]}`;
  return readdirSync(dir)
    .filter((name) => name.startsWith(begin))
    .map((name) => `${dir}/${name}`);
}
