import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

it('hs promote says how to freeze an artifact, with its id', async () => {
  const cwd = await tmp();
  const hs = inside(cwd);
  await writeFile(`${cwd}/f`, 'text');
  await hs(['init']);
  const id = (await hs(['put', 'f', '--name', 'f', '--ttl', '30'])).stdout.trim();
  expect((await hs(['promote', 'f'])).status).toBe(0);
  const both = await hs(['promote', 'f']);
  expect(both.status).toBe(6);
  expect(both.stderr).toContain(
    `hint: hs retain ${id.slice(0, 8)} --no-ttl removes the TTL, and --attest REASON attests to it\n`,
  );
  expect((await hs(['retain', 'f', '--no-ttl'])).status).toBe(0);
  expect((await hs(['promote', 'f'])).stderr).toContain('hint: --attest REASON attests to it\n');
});
