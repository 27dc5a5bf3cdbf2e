import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createStore, openStore } from '../../src/index.js';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

/** Two stores of one person, with an artifact and one that may not leave in the first. */
async function world() {
  const dir = await tmp();
  for (const name of ['one', 'two']) await mkdir(`${dir}/${name}`);
  const hs = inside(dir);
  const one = (argv: readonly string[], options = {}) => hs(['--store', `${dir}/one`, ...argv], options);
  const two = (argv: readonly string[], options = {}) => hs(['--store', `${dir}/two`, ...argv], options);
  for (const name of ['one', 'two']) await hs(['init', `${dir}/${name}`]);
  await writeFile(`${dir}/a`, 'hello');
  await writeFile(`${dir}/b`, 'secret');
  const id = (await one(['put', `${dir}/a`, '--name', 'a'])).stdout.trim();
  return { dir, one, two, id };
}

it('prints the ids that were copied, and says where there was nothing to do', async () => {
  const { one, two, id } = await world();
  expect(await one(['push', 'a', 'two'])).toMatchObject({ status: 0, stdout: `${id}\n`, stderr: '' });
  const again = await one(['push', '--all', 'two']);
  expect(again).toMatchObject({ status: 0, stdout: '' });
  expect(again.stderr).toMatch(/^hs: nothing to push: it is in '.*\/two\/\.hsstore' already\n$/);
  expect((await two(['pull', id.slice(0, 8), 'one'])).stderr).toContain('nothing to pull');
  const { results } = JSON.parse((await two(['ls', '--json'])).stdout);
  expect(results).toMatchObject([{ artifact_id: id, name: 'a' }]);
});

it('gives each artifact a row in JSON, those that were there already too', async () => {
  const { one, id } = await world();
  const row = {
    artifact_id: id,
    size_bytes: 5,
    present: false,
    tightened: false,
    demoted: false,
    ttl_over: false,
  };
  const planned = JSON.parse((await one(['push', '--all', 'two', '--dry-run', '--json'])).stdout);
  expect(planned).toMatchObject({ schema: 'hs.push/1', results: [row] });
  expect(JSON.parse((await one(['push', '--all', 'two', '--json'])).stdout)).toEqual(planned);
  expect(JSON.parse((await one(['push', '--all', 'two', '--jsonl'])).stdout)).toMatchObject({
    schema: 'hs.push.row/1',
    present: true,
  });
});

it.each(['push', 'pull'])(
  'says which of two copies is classified more strictly by a %s',
  async (direction) => {
    const { one, two } = await world();
    await one(['push', 'a', 'two']);
    await one(['reclassify', 'a', '--classification', 'medium', '--reason', 'r']);
    const transfer = (...args: string[]) =>
      direction === 'push' ? one(['push', 'a', 'two', ...args]) : two(['pull', 'a', 'one', ...args]);
    const [at, origin] = direction === 'push' ? ['there', 'here'] : ['here', 'there'];
    const said = (becomes: string) =>
      expect.stringContaining(`exists ${at} already, and ${becomes} classified as strictly as ${origin}\n`);
    expect((await transfer('--dry-run')).stderr).toEqual(said('would be'));
    expect((await transfer()).stderr).toEqual(said('is now'));
    expect((await two(['show', 'a'])).stdout).toContain('medium');
  },
);

it('reports what may not leave, copies the rest, and exits with 3; 6 if nothing else was asked for', async () => {
  const { dir, one, two, id } = await world();
  await one(['put', `${dir}/b`, '--name', 'b', '--classification', 'high', '--ttl', '9']);
  const { status, stdout, stderr } = await one(['push', '--all', 'two']);
  expect([status, stdout]).toEqual([3, `${id}\n`]);
  expect(stderr).toContain("cannot export 'b': classification is high");
  expect((await two(['pull', 'b', 'one'])).status).toBe(6);
  const log = (await one(['log'])).stdout;
  expect(log).toMatch(/was refused an export of b \(.{8}\) to .*two\/\.hsstore \(store\)/);
  expect(log).toMatch(/exported a \(.{8}\) to .*two\/\.hsstore \(store\)/);
});

it('takes IDs or --all, and a store that is there and another', async () => {
  const { one } = await world();
  expect((await one(['push', 'two'])).status).toBe(2);
  expect((await one(['push', '--all', 'a', 'two'])).status).toBe(2);
  expect((await one(['push', 'a', 'one'])).status).toBe(2);
  expect((await one(['push', 'a', 'nowhere'])).status).toBe(9);
  expect((await one(['push', 'nothing', 'two'])).status).toBe(4);
});

it('stops at a signal with its status, and says how to continue', async () => {
  const { one, two } = await world();
  const interrupted = await one(['push', '--all', 'two'], {
    onStart: (send: (signal: 'SIGINT') => void) => setImmediate(() => send('SIGINT')),
  });
  expect(interrupted.status).toBe(130);
  expect(interrupted.stderr).toContain('run it again to continue');
  expect((await one(['push', '--all', 'two'])).status).toBe(0);
  expect((await two(['fsck'])).status).toBe(0);
});

it('is there for programs', async () => {
  const { dir, id } = await world();
  const env = { actor: 'human:tester' };
  process.env.XDG_STATE_HOME = `${dir}/.state`;
  await mkdir(`${dir}/three`);
  await using here = await openStore({ store: `${dir}/one`, ...env });
  await using there = await createStore(`${dir}/three`, env);
  const planned = await here.push(there, 'all', { dryRun: true });
  expect(await there.list()).toEqual([]);
  expect(await here.push(there, 'all')).toEqual(planned);
  expect((await there.pull(here, ['a'])).artifacts).toMatchObject([{ artifactId: id, present: true }]);
});
