import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { beforeEach, expect, it } from 'vitest';
import { inside } from '../helpers/inside.js';
import { checkDocument } from '../helpers/removal-document.js';
import { tmp } from '../helpers/tmp.js';

let run: ReturnType<typeof inside>;

beforeEach(async () => {
  const cwd = await tmp();
  run = inside(cwd);
  await run(['init']);
  await mkdir(`${cwd}/parts`);
  // More than the 4 MiB that make a pack a large one.
  for (let i = 10; i < 90; i++) await writeFile(`${cwd}/parts/${i}`, randomBytes(30_000).toString('hex'));
  await run(['put', '--each', 'parts', '--name', 'parts']);
  await writeFile(`${cwd}/secret`, randomBytes(30_000).toString('hex'));
});

it('what stays in a large pack is said by rm and gc, before and after', async () => {
  const removed = (await run(['rm', 'parts/10', '--yes'])).stdout;
  expect(removed).toMatch(/^will free up to 59 KiB when the trash is emptied/m);
  const stays = 'unused stay in packs that are mostly in use; hs gc --repack moves them';
  // With its manifest.
  expect(removed).toContain(`\n2 objects (59 KiB) ${stays}\n`);
  expect((await run(['gc', '--yes'])).stdout).toContain(`2 objects (59 KiB) ${stays}\n`);
  await run(['rm', 'parts/11', '--yes']);
  const shown = (await run(['gc', '--dry-run'])).stdout;
  expect(shown).toContain(`4 objects (118 KiB) ${stays.replace('stay', 'would stay')}`);
  expect(shown).not.toContain('unused would move');
  const { reclaimable } = checkDocument(await run(['gc', '--dry-run', '--json']));
  expect(reclaimable.unswept).toMatchObject({ objects: 4 });
  expect((await run(['gc', '--dry-run', '--repack'])).stdout).toContain(
    '4 objects (118 KiB) unused would move to the trash',
  );
  expect((await run(['gc', '--dry-run', '--empty-trash'])).stdout).toContain(
    '4 objects (118 KiB) unused would be purged',
  );
  const { reclaimed } = checkDocument(await run(['gc', '--yes', '--repack', '--json']));
  expect([reclaimed.swept.objects, reclaimed.unswept.objects]).toEqual([4, 0]);
  expect((await run(['restore', 'parts/10'])).status).toBe(0);
  expect((await run(['cat-artifact', 'parts/10'])).stdout.length).toBe(60_000);
});

it('what is purged is freed, whatever else stays', async () => {
  await run(['rm', 'parts/10', '--yes']);
  // In a pack of its own.
  await run(['put', 'secret', '--name', 'secret']);
  const { stdout } = await run(['rm', 'secret', '--purge', '--yes']);
  expect(stdout).toContain('2 objects (59 KiB) unused stay');
  expect(stdout).toMatch(/^freed 59 KiB$/m);
});
