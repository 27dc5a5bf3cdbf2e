import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { moveObject } from '../../src/store/local/objects/move-object.js';
import { alteredDisk } from '../helpers/altered-disk.js';
import { tmp } from '../helpers/tmp.js';

const refuse = async () => {
  throw Object.assign(new Error('EPERM'), { code: 'EPERM', errno: -1, syscall: 'link' });
};

it.each([
  ['to a free place', {}, undefined, [true, ['to'], 'damaged']],
  ['to no place that is taken', {}, 'good', [false, ['to'], 'good']],
  [
    'nowhere if it may not be renamed either',
    { renameNoReplace: refuse },
    undefined,
    [false, ['from'], undefined],
  ],
])(
  'a damaged object that may not be linked, as of another user, moves %s',
  async (_, changes, there, result) => {
    const dir = await tmp();
    const [from, to] = [`${dir}/from`, `${dir}/to`];
    await writeFile(from, 'damaged');
    if (there !== undefined) await writeFile(to, there);
    const disk = alteredDisk(nodeDisk(), { link: refuse, ...changes });
    const moved = await moveObject(disk, sha256(Buffer.from('good')), from, to);
    const text = await readFile(to, 'utf8').catch(() => undefined);
    expect([moved, await readdir(dir), text]).toEqual(result);
  },
);
