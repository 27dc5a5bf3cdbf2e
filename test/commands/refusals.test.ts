import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside } from '../helpers/inside.js';
import { openTestSession } from '../helpers/store.js';
import { makeTempDirectory, type TempDirectory, tmp } from '../helpers/tmp.js';

const JOB = { HS_ACTOR: 'ai_job:worker' };

describe('a refusal leaves a record', () => {
  let home: TempDirectory;
  const hs = (argv: readonly string[], env = {}) => inside(home.path)(argv, { env });
  const head = async () => Number(JSON.parse((await hs(['ledger', 'head', '--json'])).stdout).seq);

  beforeAll(async () => {
    home = await makeTempDirectory();
    await hs(['init']);
    await writeFile(`${home.path}/f`, 'the file');
    for (const name of ['f', 'pinned', 'frozen']) await hs(['put', 'f', '--name', name]);
    await hs(['put', 'f', '--name', 'over', '--ttl', '1']);
    await hs(['pin', 'pinned', '--name', 'p']);
    await hs(['promote', 'frozen']);
    await hs(['promote', 'frozen', '--attest', 'tested']);
    const { stdout } = await hs(['policy', 'show']);
    await writeFile(`${home.path}/unknown.json`, stdout.replace('"artifact.create"', '"artifact.fly"'));
    const sha = JSON.parse((await hs(['show', 'f', '--json'])).stdout).content_hash;
    for (const layer of ['L1', 'L2']) {
      const manifest = { content_hash: sha, name: 'm', layer };
      await writeFile(`${home.path}/${layer}.json`, JSON.stringify(manifest));
    }
    await mkdir(`${home.path}/out`);
  }, 60_000);
  afterAll(() => home.remove());

  const LONG = 'x'.repeat(256);
  it.each<[number, readonly string[], Record<string, string>?]>([
    [6, ['policy', 'set', 'unknown.json']],
    [6, ['policy', 'set', 'unknown.json'], JOB],
    [6, ['retain', 'frozen', '--class', 'log']],
    [6, ['promote', 'frozen', '--attest', 'again']],
    [6, ['write-manifest', 'L1.json']],
    [6, ['write-manifest', 'L2.json']],
    [6, ['rm', 'f', '--yes', '--now', '+90d']],
    [6, ['gc', '--yes', '--now', '+90d']],
    [6, ['rm', 'pinned', '--yes']],
    [6, ['rm', 'frozen', '--yes']],
    [6, ['unpin', 'pinned', '--name', 'p'], JOB],
    [7, ['export', 'f', '/']],
    [7, ['export', 'f', 'out/a\nb']],
    [7, ['export', 'f', `out/${LONG}`]],
    [7, ['materialize', 'f', '/']],
  ])('%d: %j', async (status, argv, env) => {
    const before = await head();
    const result = await hs(argv, env);
    expect([result.status, result.stderr]).toEqual([status, expect.stringContaining('error')]);
    const session = await openTestSession(home.path);
    const denied: string[] = [];
    for (let seq = before + 1; seq <= (await session.store.ledger.headSeq()); seq++) {
      const { entry } = await session.store.ledger.read(seq);
      if (entry.decision === 'deny') denied.push(entry.type);
    }
    await session.close();
    const isExport = argv[0] === 'export' || argv[0] === 'materialize';
    expect(denied).toEqual(isExport ? ['export_decided', 'export_record'] : ['capability_action']);
  });

  it('a collection with a clock behind is refused each time', async () => {
    const dir = await tmp();
    const run = inside(dir);
    await run(['init']);
    const session = await openTestSession(dir, { clock: { now: () => Date.now() + 3_600_000 } });
    await session.write('ledger.note', [], (tx) =>
      tx.commit(() => ({ type: 'note', payload: { text: 'x' } })),
    );
    await session.close();
    for (const argv of [
      ['gc', '--yes'],
      ['gc', '--yes', '--empty-trash'],
      ['gc', '--yes'],
    ]) {
      const { status, stderr } = await run(argv);
      expect([argv, status, stderr]).toEqual([argv, 6, expect.stringContaining('before the newest')]);
    }
    const entries = await readFile(`${dir}/.hsstore/ledger/000000/0000000004.json`, 'utf8');
    expect(JSON.parse(entries)).toMatchObject({ type: 'capability_action', decision: 'deny' });
  });
});
