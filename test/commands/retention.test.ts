import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SCHEMAS } from '../../src/cli/schemas.js';
import { type HsOptions, type HsResult, hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

const PAST = '2026-01-01T00:00:00Z';

/** A store with an expired file, an expired secret, and one that is kept. */
async function store() {
  const cwd = await tmp();
  const run = (args: readonly string[], options: HsOptions = {}) => hs(args, { cwd, ...options });
  const put = async (name: string, ...args: string[]) => {
    await writeFile(join(cwd, name), `bytes of ${name}`);
    const { stdout, stderr } = await run(['put', name, '--name', name, ...args]);
    expect(stderr).toBe('');
    return stdout.trim();
  };
  expect((await run(['init'])).status).toBe(0);
  return { cwd, run, put };
}

/** Names, kinds, modes, sizes, times and contents of everything below, but for cache/. */
async function fingerprint(dir: string): Promise<string> {
  const hash = createHash('sha256');
  const visit = async (path: string): Promise<void> => {
    const stat = await lstat(path, { bigint: true });
    hash.update(
      `${path} ${stat.mode} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.nlink} ${stat.ino}\n`,
    );
    if (stat.isDirectory()) {
      for (const name of (await readdir(path)).sort())
        if (join(path, name) !== join(dir, 'cache')) await visit(join(path, name));
    } else hash.update(await readFile(path));
  };
  await visit(dir);
  return hash.digest('hex');
}

async function json(result: HsResult): Promise<Record<string, unknown>> {
  const document = JSON.parse(result.stdout) as { schema: string };
  const z = await import('zod/mini');
  const {
    schema,
    warnings: _,
    errors: __,
    ...facts
  } = document as Record<string, unknown> & { schema: string };
  const known = SCHEMAS[schema];
  expect(known, schema).toBeDefined();
  expect(z.safeParse(await known!.load(), facts).error?.issues).toBeUndefined();
  return document as never;
}

describe('hs gc', () => {
  it('with --filter shows and removes only what matches, and says so in plan and report', async () => {
    const { cwd, run, put } = await store();
    const id = await put('mine', '--ttl', '1', '--now', PAST, '--label', 'env=ci');
    const other = await put('other', '--ttl', '1', '--now', PAST);
    const filter = ['--filter', 'label.env=ci'];
    const shown = await run(['gc', '--dry-run', '--exit-code', ...filter]);
    expect(shown).toMatchObject({ status: 1, stderr: '' });
    expect(shown.stdout).toContain('the filter is label.env=ci; 1 more would go without it\n');
    const plan = await run(['plan-prune', ...filter]);
    await writeFile(join(cwd, 'plan'), plan.stdout);
    expect(plan.stdout).toContain('"filters":["label.env=ci"]');
    expect(plan.stdout).not.toContain(other);
    const document = await json(await run(['gc', '--apply', 'plan', '--json']));
    expect(document).toMatchObject({ plan: { filters: ['label.env=ci'] }, results: [{ artifact_id: id }] });
    const report = await run(['report', document.report as string]);
    expect(report.stdout).toMatch(/^filter +label\.env=ci$/m);
    await json(await run(['report', document.report as string, '--json']));
    expect((await run(['cat-artifact', '-e', other])).status).toBe(0);
  });

  it('with --filter says what is wrong with one, and does not empty the trash', async () => {
    const { run } = await store();
    for (const args of [['gc', '-n'], ['gc', '--yes'], ['plan-prune']]) {
      const { status, stderr } = await run([...args, '--filter', 'nam=x']);
      expect([status, stderr]).toEqual([2, expect.stringContaining("did you mean 'name'?")]);
    }
    const { status, stderr } = await run(['gc', '--yes', '--empty-trash', '--filter', 'name=x']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('hs trash empty')]);
  });

  it('looks only, unless it is told to: without a terminal it prints the plan and exits with 2', async () => {
    const { run, put } = await store();
    const id = await put('over', '--ttl', '1', '--now', PAST);
    const { status, stdout, stderr } = await run(['gc']);
    expect(status).toBe(2);
    expect(stdout).toContain(id.slice(0, 8));
    expect(stderr).toContain('nothing was removed');
    expect((await run(['show', id])).status).toBe(0);
  });

  it('with --dry-run changes not one byte, name, size, time or mode of the store', async () => {
    const { cwd, run, put } = await store();
    await put('over', '--ttl', '1', '--now', PAST);
    await put('secret', '--ttl', '1', '--classification', 'high', '--now', PAST);
    await run(['ls']);
    const before = await fingerprint(join(cwd, '.hsstore'));
    for (const args of [['gc', '--dry-run'], ['plan-prune'], ['rm', 'over', '--dry-run']]) {
      await run(args);
      expect(await fingerprint(join(cwd, '.hsstore')), args.join(' ')).toBe(before);
    }
  });

  it('shows beforehand what --empty-trash would purge', async () => {
    const { run, put } = await store();
    await put('gone');
    expect((await run(['rm', 'gone', '--yes'])).status).toBe(0);
    const { status, stdout } = await run(['gc', '--dry-run', '--empty-trash']);
    expect(status).toBe(0);
    // The payload and the manifest.
    expect(stdout).toMatch(/2 objects \(\d+ B\) in the trash, which would be purged/);
    expect(stdout).toMatch(/1 artifact removed before could not be brought back: gone \(/);
    expect((await run(['restore', 'gone'])).status).toBe(0);
  });

  it('says with --exit-code whether something would go', async () => {
    const { run, put } = await store();
    await put('kept');
    expect((await run(['gc', '--dry-run', '--exit-code'])).status).toBe(0);
    await put('over', '--ttl', '1', '--now', PAST);
    expect((await run(['gc', '--dry-run', '--exit-code'])).status).toBe(1);
    expect((await run(['plan-prune', '--exit-code'])).status).toBe(1);
    expect((await run(['gc', '--exit-code'])).status).toBe(2);
  });

  it('gives the same plan bytes from the same state and clock, on any occasion', async () => {
    const { run, put } = await store();
    for (let i = 0; i < 2; i++) await put(`f${i}`, '--ttl', String(i));
    const at = ['--now', '2026-12-24T00:00:00Z'];
    const [one, two] = [
      await run(['plan-prune', ...at]),
      await run(['plan-prune', ...at], { env: { TZ: 'Asia/Tokyo', LANG: 'C' } }),
    ];
    expect(one.bytes.equals(two.bytes)).toBe(true);
    expect(one.stdout.split('\n')).toHaveLength(5);
  });

  it('applies a plan saved in a pipeline, once', async () => {
    const { cwd, run, put } = await store();
    const over = await put('over', '--ttl', '1', '--now', PAST);
    const saved = await run(['plan-prune']);
    await writeFile(join(cwd, 'plan'), saved.bytes);
    const pinned = await put('late', '--ttl', '1', '--now', PAST);
    const applied = await json(await run(['gc', '--apply', 'plan', '--json']));
    expect(applied).toMatchObject({ dry_run: false, results: [{ artifact_id: over }], gone: [] });
    expect((await run(['show', pinned])).status).toBe(0);
    const again = await run(['apply-prune', '-'], { stdin: saved.bytes });
    expect(again.status).toBe(8);
    expect(again.stderr).toContain('already applied');
  });

  it('refuses a plan that was edited, cut off, or is none', async () => {
    const { run, put } = await store();
    await put('over', '--ttl', '1', '--now', PAST);
    const plan = (await run(['plan-prune'])).stdout;
    for (const [stdin, why] of [
      [plan.replace('"over"', '"kept"'), 'it was modified'],
      ['{"schema":"hs.prune-plan/3"}\n', "'hs.prune-plan/3'"],
    ] as const) {
      const { status, stderr } = await run(['apply-prune', '-'], { stdin });
      expect(status).toBe(5);
      expect(stderr).toContain(why);
    }
    expect((await run(['apply-prune', 'nowhere'])).status).toBe(4);
  });

  it('exits with 11 if a quota cannot be met, and says by how much', async () => {
    const { run, put } = await store();
    await put('held', '--pin', 'hold');
    for (const mode of ['--yes']) {
      const { status, stderr } = await run(['gc', mode, '--quota', '1']);
      expect(status).toBe(11);
      expect(stderr).toContain('the quota cannot be met');
    }
  });

  it('continues past damage, reports it and exits with 3', async () => {
    const { cwd, run, put } = await store();
    const bad = await put('bad', '--ttl', '1', '--now', PAST);
    const good = await put('good', '--ttl', '1', '--now', PAST);
    const { record } = JSON.parse((await run(['show', bad, '--json'])).stdout) as {
      record: { manifest: string };
    };
    const path = join(cwd, '.hsstore/objects', record.manifest.slice(0, 2), record.manifest);
    await chmod(path, 0o600);
    await writeFile(path, 'broken');
    const { status, stdout, stderr } = await run(['gc', '--yes']);
    expect([status, stderr]).toEqual([3, expect.stringContaining('1 artifact is damaged')]);
    expect(stdout).toContain('removed 1 artifact of 2');
    expect((await run(['show', good])).stdout).toContain('removed');
  });
});

describe('the way back', () => {
  it('is told after each removal, works, and is said where there is none', async () => {
    const { run, put } = await store();
    const over = await put('over', '--ttl', '1', '--now', PAST);
    const secret = await put('secret', '--ttl', '1', '--classification', 'high', '--now', PAST);
    const done = await run(['gc', '--yes']);
    const hint = /hs restore --run ([0-9a-f]{8})/.exec(done.stdout)![1]!;
    const restored = await run(['restore', '--run', hint]);
    expect(restored.status).toBe(3);
    expect(restored.stdout).toContain(over);
    expect(restored.stderr).toContain(`cannot restore 'secret'`);
    expect((await run(['cat-artifact', over])).stdout).toBe('bytes of over');
    expect((await run(['restore', secret])).status).toBe(5);
  });
});

describe('hs rm', () => {
  it('needs --yes without a terminal', async () => {
    const { run, put } = await store();
    const id = await put('file');
    expect((await run(['rm', id])).status).toBe(2);
    const done = await json(await run(['rm', id, '--yes', '--reason', 'mistake', '--json']));
    expect(done).toMatchObject({ results: [{ artifact_id: id, rule: 'requested' }] });
  });

  it('names with --purge which artifacts still hold the bytes, and exits with 3', async () => {
    const { cwd, run, put } = await store();
    await mkdir(join(cwd, 'dir'));
    await writeFile(join(cwd, 'dir/secret'), 'bytes of secret');
    await writeFile(join(cwd, 'dir/empty'), '');
    const dir = (await run(['put', 'dir', '--name', 'dir'])).stdout.trim().slice(0, 8);
    await put('secret');
    await put('alone');
    const file = await run(['rm', 'secret', '--purge', '--yes']);
    expect([file.status, file.stderr]).toEqual([
      3,
      `hs: error: the bytes of 'secret' are still here: 'dir' (${dir}) holds them too\n` +
        `hint: to delete them there too: hs rm ${dir} --purge\n`,
    ]);
    expect(await run(['rm', 'alone', '--purge', '--yes'])).toMatchObject({ status: 0, stderr: '' });
    const again = (await put('secret')).slice(0, 8);
    const tree = await run(['rm', 'dir', '--purge', '--yes', '--json']);
    expect(tree.status).toBe(3);
    expect(JSON.parse(tree.stdout).errors).toMatchObject([
      { code: 'PARTIAL', message: `of 'dir' 1 file is still here: 'secret' (${again}) holds it too` },
    ]);
  });

  it('with --purge, takes the bytes out of a tree in the trash too, which is then gone', async () => {
    const { cwd, run, put } = await store();
    await mkdir(join(cwd, 'dir'));
    for (let i = 0; i < 700; i++) await writeFile(join(cwd, 'dir', `${i}`), `file ${i}`);
    await writeFile(join(cwd, 'dir/secret'), 'bytes of secret');
    await run(['put', 'dir', '--name', 'dir']);
    await run(['rm', 'dir', '--yes']);
    await put('secret');
    expect(await run(['rm', 'secret', '--purge', '--yes'])).toMatchObject({ status: 0, stderr: '' });
    const hash = createHash('sha256').update('bytes of secret').digest('hex');
    expect((await run(['cat-object', hash])).status).toBe(4);
    const { status, stderr } = await run(['restore', 'dir']);
    expect([status, stderr]).toEqual([5, expect.stringContaining("cannot restore 'dir': 1 of 703 objects")]);
  });

  it('refuses pinned artifacts with 6, or 3 if others were removed', async () => {
    const { cwd, run, put } = await store();
    const held = await put('held', '--pin', 'hold');
    const free = await put('free');
    const object = (await run(['hash-object', '-w', '--stdin'], { stdin: 'on its way' })).stdout.trim();
    const unasked = await run(['rm', held]);
    expect(unasked.status).toBe(6);
    const alone = await run(['rm', held, '--yes', '--purge']);
    expect(alone.status).toBe(6);
    expect({ ...alone, bytes: unasked.bytes }).toEqual(unasked);
    const denied = (await run(['ledger', 'cat', '--type', 'capability_action'])).stdout;
    expect(denied.match(/artifact\.remove/g)?.length).toBeGreaterThanOrEqual(2);
    // Nothing went, so nothing was swept either: that object may be about to be used.
    expect(await readdir(join(cwd, '.hsstore/objects', object.slice(0, 2)))).toContain(object);
    expect(alone.stderr).toContain(`hs unpin ${held.slice(0, 8)} --name hold`);
    expect((await run(['rm', held, free, '--yes'])).status).toBe(3);
    expect((await run(['show', held])).stdout).not.toContain('removed');
  });
});

describe('hs report', () => {
  it('lists the collections and shows one: totals, rules, the largest', async () => {
    const { run, put } = await store();
    await put('over', '--ttl', '1', '--now', PAST);
    await put('kept');
    await run(['gc', '--yes']);
    const list = (await json(await run(['report', '--json']))) as {
      results: { report: string; pruned: number }[];
    };
    expect(list.results).toMatchObject([{ command: 'gc', pruned: 1, spared: 1, failed: 0 }]);
    const { stdout, status } = await run(['report', list.results[0]!.report]);
    expect(status).toBe(0);
    expect(stdout).toContain('1 ttl expired');
    expect(stdout).toContain('1 within window');
    await json(await run(['report', 'retention-report', '--json']));
    expect((await run(['report', 'kept'])).status).toBe(4);
    for (const args of [
      ['report', 'nope'],
      ['restore', '--run', 'nope'],
    ]) {
      expect((await run(args)).stderr).toContain('hint: hs report lists what is there\n');
    }
  });
});

describe('pins on the command line', () => {
  it('are set, listed, changed in bulk and taken away', async () => {
    const { run, put } = await store();
    const [a, b] = [await put('a'), await put('b')];
    await json(await run(['pin', a, '--name', 'rel', '--reason', 'shipped', '--until', '+30d', '--json']));
    const records = `pin ${b} audit\nunpin ${a} rel\npin\t${a}\tlegal\t-\tcase 12\n`;
    expect(await json(await run(['update-pin', '--stdin', '--json'], { stdin: records }))).toMatchObject({
      pinned: 2,
      unpinned: 1,
    });
    expect((await run(['pins', '-z'])).stdout).toBe(`audit\t${b}\0legal\t${a}\0`);
    await json({ ...(await run(['unpin', a, '--name', 'legal', '--json'])) });
    expect((await run(['unpin', a, '--name', 'legal'])).status).toBe(4);
    expect((await run(['unpin', 'b', '--name', 'legal'])).stderr).toBe(
      "hs: error: 'b' has no pin 'legal'\nhint: its pins: 'audit'\n",
    );
    expect((await run(['unpin', 'b', '--name', 'a b'])).status).toBe(2);
  });

  it.each([
    ['an empty reason', ['pin', 'report', '--reason', '']],
    ['a reason of two lines', ['pin', 'report', '--reason', 'a\nb']],
    ['a reason that is too long', ['pin', 'report', '--reason', 'x'.repeat(1025)]],
    ['an empty pin', ['put', 'file', '--pin', '']],
    ['a pin with a space', ['put', 'file', '--pin', 'a b']],
    ['a reason of two lines to remove', ['rm', 'report', '--yes', '--reason', 'a\nb']],
    ['a reason of two lines to promote', ['promote', 'report', '--attest', 'a\nb']],
    ['a name of two lines to promote', ['promote', 'a\nb']],
  ])('refuse %s, and the ledger goes on', async (_, args) => {
    const { cwd, put, run } = await store();
    await writeFile(join(cwd, 'file'), 'hello');
    await put('report');
    const { status, stderr } = await run(args);
    expect([stderr, status]).toEqual([expect.not.stringContaining('could not be'), status === 4 ? 4 : 2]);
    expect((await run(['ledger', 'verify'])).status).toBe(0);
    expect((await run(['pin', 'report', '--name', 'kept', '--reason', 'for März'])).status).toBe(0);
    expect((await run(['pins', '--json'])).stdout).toContain('for März');
  });

  it('change nothing when one record is wrong', async () => {
    const { run, put } = await store();
    const id = await put('a');
    for (const bad of [`pin ${id}`, `pin ${id} no!name`]) {
      expect((await run(['update-pin', '--stdin'], { stdin: `pin ${id} fine\n${bad}\n` })).status, bad).toBe(
        2,
      );
    }
    expect((await run(['pins'])).stdout).toBe('');
  });
});

it.each(['--json', '--jsonl', '--color=never'])(
  'what removes nothing without --yes says so (%s)',
  async (form) => {
    const { run, put } = await store();
    await put('a', '--ttl', '1', '--now', PAST);
    for (const words of ['gc', 'rm a', 'trash empty']) {
      const done = await run([...words.split(' '), form]);
      const said = expect.stringMatching(
        /nothing was (removed|purged): without a terminal, --yes .*is needed/,
      );
      expect({ words, status: done.status, said: form === '--json' ? done.stdout : done.stderr }).toEqual({
        words,
        status: 2,
        said,
      });
      if (form === '--json') expect(done.stderr).toBe('');
    }
  },
);

describe('hs retain and hs du', () => {
  it('change what a collection decides, and show disk usage', async () => {
    const { run, put } = await store();
    const id = await put('a', '--ttl', '1', '--now', PAST);
    expect((await run(['retain', id])).status).toBe(2);
    await json(await run(['retain', id, '--no-ttl', '--class', 'cache', '--json']));
    expect((await run(['gc', '--dry-run', '--exit-code'])).status).toBe(0);
    const usage = await json(await run(['du', '--by', 'class', '--json']));
    expect(usage).toMatchObject({ artifacts: 1, logical_bytes: 10, results: [{ group: 'cache' }] });
    expect((await run(['du'])).stdout).toContain('1 artifact, 10 B');
  });
});
