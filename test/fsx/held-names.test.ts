import { writeFileSync } from 'node:fs';
import { ensureDirSync } from 'fs-extra/esm';
import { expect, it } from 'vitest';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { tmp } from '../helpers/tmp.js';

it('reports refusals by the path of a held directory, not by its descriptor', async () => {
  const disk = nodeDisk();
  const top = await tmp();
  ensureDirSync(`${top}/a/b`);
  writeFileSync(`${top}/a/b/file`, '');
  const a = await disk.openDir(`${top}/a`);
  const b = await disk.openDir(`${a.path}/b`);
  const refusals = {
    openDir: [disk.openDir(`${b.path}/none`), 'none'],
    notDir: [disk.openDir(`${b.path}/file`), 'file'],
    open: [disk.open(`${b.path}/none`, { access: 'read' }), 'none'],
    readFile: [disk.readFile(`${b.path}/none`, 10), 'none'],
    mkdir: [disk.mkdir(`${b.path}/file`, 0o700), 'file'],
    readdir: [disk.readdir(`${b.path}/none`), 'none'],
    lstat: [disk.lstat(`${b.path}/none`), 'none'],
    unlink: [disk.unlink(`${b.path}/none`), 'none'],
    rename: [disk.rename(`${b.path}/none`, `${a.path}/x`), 'none'],
    link: [disk.link(`${b.path}/none`, `${a.path}/x`), 'none'],
  } as const;
  for (const [operation, [refused, name]] of Object.entries(refusals)) {
    const error = await refused.then(
      () => undefined,
      (e: NodeJS.ErrnoException) => e,
    );
    expect([operation, error?.path]).toEqual([operation, `${top}/a/b/${name}`]);
    expect(error?.message).not.toContain('/proc/');
  }
  await b.close();
  await a.close();
});
