import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { expectDocument } from '../helpers/document.js';
import { hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

let cwd = '';
const run = (...args: string[]) => hs(args, { cwd });
const json = async (...args: string[]) => expectDocument((await run(...args, '--json')).stdout);
const policy = async () => JSON.parse((await run('policy', 'show')).stdout);
const head = async () => (await json('ledger', 'head')).seq as number;

beforeEach(async () => {
  cwd = await tmp();
  await hs(['init'], { cwd });
});

describe('hs policy set KEY=VALUE', () => {
  it('shows what it would change and how many a collection would then prune, and sets nothing', async () => {
    for (let i = 0; i < 6; i++) {
      writeFileSync(`${cwd}/f`, `${i}`);
      await run('put', 'f', '--name', 'log', '--kind', 'report');
    }
    const before = await head();
    const later = ['--now', '+40d'];
    const { stdout } = await run('policy', 'set', '-n', 'retention.classes.log.window_days=60', ...later);
    expect(stdout).toContain('retention.classes.log.window_days: 30 -> 60');
    expect(stdout).toContain('log: prune (window_expired) -> keep (within_window)');
    expect(stdout).toMatch(/a collection now would prune 0 instead of \d+, and keep 6/);
    const shown = await json('policy', 'set', '-n', 'retention.classes.log.window_days=60', ...later);
    expect(shown).toMatchObject({ changed: false, check: { counts: { to: { kept: 6, pruned: 0 } } } });
    expect(shown.check.counts.from.pruned).toBeGreaterThan(0);
    expect(await head()).toBe(before);
  });

  it('shows the first twenty verdicts that change, and all of them with --verbose', async () => {
    for (let i = 0; i < 23; i++) writeFileSync(`${cwd}/log-${i}`, `${i}`);
    const files = Array.from({ length: 23 }, (_, i) => `log-${i}`);
    await run('put', ...files, '--name', 'log', '--kind', 'report');
    const set = ['policy', 'set', '-n', 'retention.classes.log.window_days=60', '--now', '+40d'];
    const verdicts = ({ stdout }: { stdout: string }) =>
      stdout.split('\n').filter((l) => l.includes(' -> keep ('));
    const cut = await run(...set);
    expect(verdicts(cut)).toHaveLength(20);
    const { length } = verdicts(await run(...set, '--verbose'));
    expect(length).toBeGreaterThan(20);
    const more = length - 20;
    expect(cut.stdout).toContain(`\nand ${more} more verdict${more === 1 ? '' : 's'}; --verbose lists all\n`);
  });

  it('unsets by null as by nothing, and says so where a value is none', async () => {
    for (const unset of ['retention.quota_bytes=null', 'retention.quota_bytes=']) {
      await run('policy', 'set', 'retention.quota_bytes=10');
      expect(await run('policy', 'set', unset)).toMatchObject({ status: 0 });
      expect((await policy()).retention.quota_bytes).toBeUndefined();
    }
    const { status, stderr } = await run('policy', 'set', 'retention.quota_bytes=none');
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('KEY= and KEY=null unset one'),
    });
    // What a policy must have cannot be unset so either.
    expect(await run('policy', 'set', 'retention.trash_days=null')).toMatchObject({ status: 2 });
  });

  it('changes several settings at once, unsets one, and takes text and JSON', async () => {
    const before = await head();
    await run(
      'policy',
      'set',
      'retention.trash_days=30',
      'retention.quota_bytes=10',
      'export.output_root=out',
    );
    expect(await head()).toBe(before + 1);
    expect(await policy()).toMatchObject({
      retention: { trash_days: 30, quota_bytes: 10, classes: { log: { floor: 3 } } },
      export: { output_root: 'out' },
    });
    await run(
      'policy',
      'set',
      'retention.quota_bytes=',
      'export.budgets.human={"total_bytes":1,"files":2,"file_bytes":3}',
    );
    const now = await policy();
    expect(now.retention.quota_bytes).toBeUndefined();
    expect(now.export.budgets.human).toEqual({ total_bytes: 1, files: 2, file_bytes: 3 });
    expect((await run('policy', 'set', 'retention.trash_days=30')).stdout).toContain('in force already');
  });

  it.each([
    ['retention.clases.log.window_days=1', 2, 'did you mean retention.classes.log.window_days'],
    ['retention.trash_days=-1', 2, 'retention.trash_days'],
    ['retention.trash_days=many', 2, 'retention.trash_days'],
    ['retention.trash_days=', 2, 'retention.trash_days'],
    ['schema=x', 2, "no setting 'schema'"],
    ['__proto__=x', 2, 'no setting'],
    ['constructor.prototype=1', 2, 'no setting'],
    ['grants.0.actor_id=bob', 2, "grants are set as a whole: 'grants.0.actor_id' cannot be set alone"],
    ['retention.classes.LOG.floor=1', 2, 'did you mean retention.classes.log.floor'],
    ['grants=[]', 6, 'could not set another'],
    ['grants=[{"actor":"human","capabilities":["nope"]}]', 6, 'nope'],
  ])('refuses %s with %i', async (setting, status, words) => {
    const before = await policy();
    const result = await run('policy', 'set', setting);
    expect({ status: result.status, stdout: result.stdout }).toEqual({ status, stdout: '' });
    expect(result.stderr).toContain(words);
    expect(await policy()).toEqual(before);
  });

  it('takes a file of such a name by its path, and not both', async () => {
    writeFileSync(`${cwd}/a=b`, JSON.stringify({ ...(await policy()), run: { least_level: 'enforced' } }));
    expect((await run('policy', 'set', './a=b')).status).toBe(0);
    expect((await policy()).run.least_level).toBe('enforced');
    expect(await run('policy', 'set', 'retention.trash_days=3', './a=b')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("'./a=b' is not KEY=VALUE"),
    });
  });
});

describe('hs policy diff', () => {
  it('compares a file, the policy in force and those before it, and says 1 if they differ', async () => {
    writeFileSync(`${cwd}/first.json`, JSON.stringify(await policy()));
    const { from, to } = await json('policy', 'set', 'retention.trash_days=30');
    expect(await run('policy', 'diff', 'first.json')).toMatchObject({
      status: 1,
      stdout: 'retention.trash_days: 30 -> 7\n',
    });
    expect((await run('policy', 'diff', from, to)).stdout).toBe('retention.trash_days: 7 -> 30\n');
    expect(await run('policy', 'diff', to.slice(0, 12))).toMatchObject({ status: 0, stdout: '' });
    expect(await json('policy', 'diff', 'first.json', to)).toMatchObject({
      from,
      to,
      settings: [{ setting: 'retention.trash_days', from: 7, to: 30 }],
    });
    expect((await run('policy', 'diff', 'gone.json')).status).toBe(4);
    writeFileSync(`${cwd}/x`, 'x');
    const [{ content_hash }] = (await json('hash-object', '-w', 'x')).results;
    expect((await run('policy', 'diff', content_hash)).status).toBe(5);
  });
});
