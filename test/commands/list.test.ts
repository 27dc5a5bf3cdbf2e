import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

it.each([
  [['ls', '--name', '']],
  [['for-each-artifact', '--filter', 'name=']],
  [['ls', '--name', 'a'.repeat(70_000)]],
  [['put', 'x', '--exclude', 'a'.repeat(70_000)]],
  [['put', 'x', '--exclude', '']],
])('a glob that cannot be matched is a usage error: %.30j', async (argv) => {
  const cwd = await tmp();
  const hs = inside(cwd);
  await hs(['init']);
  const result = await hs(argv);
  expect(result.stderr).toMatch(/^hs: error: the glob '/);
  expect(result).toMatchObject({ status: 2, stdout: '' });
});

it('shows no end of a TTL that no timestamp can say', async () => {
  const cwd = await tmp();
  const hs = inside(cwd);
  await hs(['init']);
  await writeFile(`${cwd}/x`, 'x');
  await hs(['put', 'x', '--ttl', '30', '--now', '9999-12-31']);
  const [row] = JSON.parse((await hs(['ls', '--json'])).stdout).results;
  expect(row).toMatchObject({ created_at: '9999-12-31T00:00:00.000Z', retention_ttl_days: 30 });
  expect(row).not.toHaveProperty('ttl_ends_at');
  expect((await hs(['for-each-artifact', '--format', '<%(expires)>'])).stdout).toBe('<>\n');
});
