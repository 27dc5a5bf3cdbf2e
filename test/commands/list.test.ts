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
