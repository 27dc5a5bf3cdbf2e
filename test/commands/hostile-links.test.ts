import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { copySync, ensureDirSync, removeSync } from 'fs-extra/esm';
import { beforeEach, describe, expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { indexFiles } from '../helpers/index-dir.js';
import { tmp } from '../helpers/tmp.js';

let work: string;
let store: string;
let shop: string;

beforeEach(async () => {
  work = await tmp();
  store = `${work}/.hsstore`;
  shop = `${await tmp()}/shop`;
  ensureDirSync(`${shop}/catalog`);
  writeFileSync(`${shop}/catalog/prices`, 'dear');
  writeFileSync(`${work}/a`, 'a\n');
  await run('init');
  await run('put', 'a', '--name', 'a');
  await run('rm', 'a', '--yes');
  await run('put', 'a', '--name', 'b');
});

const run = (...args: string[]) => hs(args, { cwd: work });

/** Every file below a directory with its bytes. */
function contents(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => `${name} ${lstatSync(`${dir}/${name}`).isFile() ? readFileSync(`${dir}/${name}`) : ''}`)
    .sort();
}

/** Puts a link to a directory outside, which holds all that the real one does, in place of one of the store's. */
function divert(name: string): string {
  const outside = `${shop}/${name.replaceAll('/', '-')}`;
  copySync(`${store}/${name}`, outside);
  removeSync(`${store}/${name}`);
  symlinkSync(outside, `${store}/${name}`);
  return outside;
}

const DIRECTORIES = ['objects', 'ledger', 'ledger/000000', 'packs', 'trash', 'leases', 'tmp'];
/** One that stores, one that sweeps, one that purges and one that repairs. */
const COMMANDS = [
  ['put', 'a', '--name', 'c'],
  ['gc', '--yes', '--empty-trash'],
  ['rm', 'b', '--purge', '--yes'],
  ['fsck', '--repair'],
];

describe('a store with a directory that is a link to elsewhere', () => {
  it.each(DIRECTORIES)('writes, moves and removes nothing there: %s', async (name) => {
    divert(name);
    const before = contents(shop);
    expect((await run('put', 'a')).stderr).toContain(`/.hsstore/${name}' is a link`);
    const statuses = [];
    for (const command of COMMANDS) statuses.push((await run(...command)).status);
    expect(contents(shop)).toEqual(before);
    expect(statuses).toContain(5);
  });

  it('puts no object through objects/XX, and fsck calls each such link damage', async () => {
    const outside = await tmp();
    for (const dir of readdirSync(`${store}/objects`)) {
      renameSync(`${store}/objects/${dir}`, `${outside}/${dir}`);
      symlinkSync(`${outside}/${dir}`, `${store}/objects/${dir}`);
    }
    const before = contents(outside);
    mkdirSync(`${work}/big`);
    writeFileSync(`${work}/big/f`, Buffer.alloc(1 << 20, 7));
    expect(await run('put', 'big/f')).toMatchObject({ status: 5 });
    await run('gc', '--yes', '--empty-trash');
    expect(contents(outside)).toEqual(before);
  });

  it('works without its cache if that is the link, and removes nothing behind it', async () => {
    removeSync(`${store}/cache`);
    symlinkSync(shop, `${store}/cache`);
    expect(await run('ls')).toMatchObject({ status: 0, stdout: expect.stringContaining('b') });
    expect(await run('put', 'a')).toMatchObject({ status: 0 });
    expect(contents(shop)).toEqual(['catalog ', 'catalog/prices dear']);
    expect(await run('fsck')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('damage: cache is not a directory'),
    });
  });

  it('has its catalog index rebuilt if a file of it is a link or has another hard link', async () => {
    await run('ls');
    for (const begin of ['root', 'run-', 'lock']) {
      for (const data of indexFiles(store, begin)) {
        rmSync(data);
        symlinkSync(`${shop}/catalog/prices`, data);
      }
      expect(await run('put', 'a')).toMatchObject({ status: 0, stderr: '' });
      expect(readFileSync(`${shop}/catalog/prices`, 'utf8')).toBe('dear');
      expect(await run('ls')).toMatchObject({ status: 0, stderr: '' });
    }
  });

  it('says that it is damage when gc.lock or an object is a link', async () => {
    rmSync(`${store}/gc.lock`);
    symlinkSync(`${shop}/catalog/prices`, `${store}/gc.lock`);
    expect(await run('gc', '--yes', '--empty-trash')).toMatchObject({ status: 5 });
    expect(existsSync(`${shop}/catalog/prices`)).toBe(true);
  });
});

describe('a store that was copied or cloned without its empty directories', () => {
  beforeEach(async () => {
    // What lies in the trash would be lost with its directory, and told of.
    await run('gc', '--yes', '--empty-trash');
    for (const name of ['leases', 'tmp', 'trash', 'cache', 'packs']) {
      removeSync(`${store}/${name}`);
    }
    for (const dir of readdirSync(`${store}/objects`)) {
      if (readdirSync(`${store}/objects/${dir}`).length === 0) removeSync(`${store}/objects/${dir}`);
    }
  });

  it('is read and written as before, and its directories are made again', async () => {
    expect(await run('ls')).toMatchObject({ status: 0, stderr: '' });
    writeFileSync(`${work}/big`, Buffer.alloc(1 << 20, 7));
    expect(await run('put', 'big', '--name', 'big')).toMatchObject({ status: 0, stderr: '' });
    expect(await run('gc', '--yes', '--empty-trash')).toMatchObject({ status: 0 });
    expect(await run('cat-artifact', 'big')).toMatchObject({ status: 0 });
    expect(readdirSync(store)).toEqual(expect.arrayContaining(['leases', 'tmp', 'cache']));
  });

  it('has all of them after fsck --repair', async () => {
    await run('fsck', '--repair');
    expect(await run('fsck')).toMatchObject({ status: 0, stdout: expect.stringContaining('no problems') });
    expect(readdirSync(`${store}/objects`)).toHaveLength(256);
  });
});
