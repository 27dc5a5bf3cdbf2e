import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { beforeEach, describe, expect, it } from 'vitest';
import { type InsideResult, inside } from '../helpers/inside.js';
import { checkDocument } from '../helpers/removal-document.js';
import { tmp } from '../helpers/tmp.js';

const PAST = '2026-01-01T00:00:00Z';

let cwd: string;
let run: ReturnType<typeof inside>;

async function put(name: string, content: string, ...args: string[]): Promise<string> {
  await writeFile(join(cwd, name), content);
  const { stdout, stderr } = await run(['put', name, '--name', name, ...args]);
  expect(stderr).toBe('');
  return stdout.trim();
}

const over = ['--ttl', '1', '--now', PAST];
const high = ['--classification', 'high', ...over];
const short = (id: string) => id.slice(0, 8);
const json = async (result: InsideResult) => checkDocument(result);

/** When the trash that is filled today is emptied by the default policy. */
const trashDay = () => new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);

beforeEach(async () => {
  cwd = await tmp();
  run = inside(cwd);
  await run(['init']);
});

describe('what is irreversible', () => {
  it('is counted and named by a dry run, in the table, in words and in the document', async () => {
    const plain = await put('plain', 'plain', ...over);
    const secret = await put('secret', 'secret', ...high);
    const { stdout } = await run(['gc', '--dry-run']);
    expect(stdout).toContain(`1 cannot be brought back: secret (${short(secret)})`);
    expect(stdout).toMatch(new RegExp(`secret +${short(secret)}.* never$`, 'm'));
    expect(stdout).toMatch(new RegExp(`plain +${short(plain)}.* until ${trashDay()}$`, 'm'));
    const { plan, results: items } = await json(await run(['gc', '--dry-run', '--json']));
    expect(plan).toMatchObject({ irreversible: 1 });
    expect(items.map((i) => 'irreversible' in i)).toEqual([false, true]);
  });

  it('is counted and named after the removal; hs restore is offered only for the rest', async () => {
    await put('plain', 'plain', ...over);
    const secret = await put('secret', 'secret', ...high);
    const done = await run(['gc', '--yes']);
    expect(done.stdout).toContain(`1 cannot be brought back: secret (${short(secret)})`);
    expect(done.stdout).toMatch(/^1 can be brought back until .*: hs restore --run [0-9a-f]{8}$/m);
    const report = await run(['report', 'retention-report']);
    expect(report.stdout).toMatch(/^undo +1 can be brought back until .*: hs restore --run/m);
    expect(report.stdout).toMatch(/^for good +1 cannot be brought back: secret/m);
    expect((await run(['show', secret])).stdout).toContain('cannot be brought back');
    expect((await run(['pin', secret])).stderr).toContain('hint: it was removed for good');
  });

  it('frees as much as was said: the index of a restricted directory stays', async () => {
    await ensureDir(join(cwd, 'd'));
    for (let n = 0; n < 50; n++) await writeFile(join(cwd, 'd', `${n}`), `${n}`);
    await run(['put', 'd', '--name', 'd', '--classification', 'high', '--ttl', '1']);
    await run(['put', 'd', '--name', 'twin']);
    const parts: number[] = [];
    for (const [n, name] of ['twin', 'd'].entries()) {
      const { plan } = await json(await run(['rm', name, '--purge', '--dry-run', '--json']));
      const done = JSON.parse((await run(['rm', name, '--purge', '--yes', '--json'])).stdout);
      expect([done.plan.freed_bytes, done.reclaimed.purged.objects]).toEqual([plan!.freed_bytes, n * 50 + 1]);
      expect(done.reclaimed.purged.size_bytes).toBe(plan!.freed_bytes);
      parts.push(plan!.freed_bytes);
    }
    // A manifest; another one and the files.
    expect(parts[1]! - parts[0]!).toBeLessThan(300);
  });

  it('is never offered hs restore', async () => {
    await put('secret', 'secret', ...high);
    const { stdout } = await run(['gc', '--yes']);
    expect(stdout).toContain('1 cannot be brought back');
    expect(stdout).not.toContain('hs restore');
    expect((await run(['report', 'retention-report'])).stdout).not.toContain('hs restore');
  });

  it('is an ordinary artifact too whose bytes go with a secret', async () => {
    const copy = await put('copy', 'the same', ...over);
    const secret = await put('secret', 'the same', ...high);
    const { plan } = await json(await run(['gc', '--dry-run', '--json']));
    expect(plan).toMatchObject({ irreversible: 2 });
    const { irreversible } = await json(await run(['gc', '--yes', '--json']));
    expect([...irreversible].sort()).toEqual([copy, secret].sort());
    expect((await run(['restore', copy])).status).toBe(5);
  });

  it('is not a secret whose bytes another artifact still holds, for that one', async () => {
    const copy = await put('copy', 'the same');
    await put('secret', 'the same', ...high);
    await run(['gc', '--yes']);
    expect((await run(['rm', copy, '--yes'])).stdout).toMatch(/^1 can be brought back until/m);
    expect((await run(['restore', copy])).status).toBe(0);
  });

  it('is all of it with rm --purge, before and after', async () => {
    const id = await put('leak', 'leak');
    for (const step of ['--dry-run', '--yes']) {
      const { stdout } = await run(['rm', 'leak', '--purge', step]);
      expect(stdout).toContain(`1 cannot be brought back: leak (${short(id)})`);
      expect(stdout).toMatch(/freed? \d+ B( at once)?/);
      expect(stdout).not.toContain('hs restore');
    }
  });

  it('is everything, including the trash, with gc --empty-trash', async () => {
    await put('earlier', 'earlier');
    await run(['rm', 'earlier', '--yes']);
    const plain = await put('plain', 'plain', ...over);
    for (const step of ['--dry-run', '--yes']) {
      const { stdout } = await run(['gc', '--empty-trash', step]);
      expect(stdout).toContain(`1 cannot be brought back: plain (${short(plain)})`);
      expect(stdout).toMatch(/removed before (could not|cannot) be brought back: earlier \(/);
      expect(stdout).not.toContain('hs restore');
    }
    expect((await run(['restore', 'earlier'])).status).toBe(5);
  });

  it('is all of it where the policy keeps no trash', async () => {
    const policy = JSON.parse((await run(['policy', 'show', '--json'])).stdout).policy;
    policy.retention.trash_days = 0;
    await writeFile(join(cwd, 'policy'), JSON.stringify(policy));
    expect((await run(['policy', 'set', 'policy'])).status).toBe(0);
    await put('plain', 'plain', ...over);
    expect((await run(['gc', '--dry-run'])).stdout).toContain('1 cannot be brought back: plain');
    const { stdout } = await run(['gc', '--yes']);
    expect(stdout).toContain('1 cannot be brought back: plain');
    expect(stdout).not.toContain('hs restore');
  });
});

describe('bytes', () => {
  it('are said to be free when they are: with the trash, unless there is no window', async () => {
    await put('plain', 'x'.repeat(5000), ...over);
    const later = `free 5.4 KiB when the trash is emptied (${trashDay()})`;
    expect((await run(['gc', '--dry-run'])).stdout).toContain(`would ${later}`);
    expect((await run(['gc', '--yes'])).stdout).toContain(`will ${later}`);
    expect((await run(['report', 'retention-report'])).stdout).toContain(`will ${later}`);
    await put('secret', 'y'.repeat(5000), ...high);
    await put('other', 'x'.repeat(5001), ...over);
    expect((await run(['gc', '--dry-run'])).stdout).toMatch(/would free 5.4 KiB at once, and 5.4 KiB when/);
    expect((await run(['gc', '--yes'])).stdout).toMatch(/freed 5.4 KiB, and will free 5.4 KiB when/);
  });

  it('in use by nothing and in the trash are shown by du and by a dry run', async () => {
    await put('gone', 'gone', ...over);
    await run(['gc', '--yes']);
    await writeFile(join(cwd, 'orphan'), 'o'.repeat(3000));
    await run(['hash-object', '-w', 'orphan']);
    const { stdout } = await run(['gc', '--dry-run']);
    expect(stdout).toContain('1 object (2.9 KiB) unused would move to the trash');
    expect(stdout).toMatch(/2 objects \(\d+ B\) in the trash, none of them due yet/);
    const { reclaimable } = await json(await run(['gc', '--dry-run', '--json']));
    expect(reclaimable).toMatchObject({
      unreferenced: { objects: 1, size_bytes: 3000 },
      trash: { objects: 2 },
      due: { objects: 0 },
    });
    const du = await run(['du']);
    expect(du.stdout).toContain('1 object unused, moved to the trash by hs gc --repack, 2.9 KiB');
    expect(du.stdout).toContain('2 objects in the trash');
    const { reclaimed } = await json(await run(['gc', '--yes', '--json']));
    expect(reclaimed.swept).toMatchObject({ objects: 1, size_bytes: 3000 });
  });

  it('of the trash that are due are told before they are purged', async () => {
    await put('secret', 'secret', ...over);
    await run(['gc', '--yes']);
    const due = (await json(await run(['gc', '--dry-run', '--empty-trash', '--json']))).reclaimable.due;
    const { purged } = (await json(await run(['gc', '--yes', '--empty-trash', '--json']))).reclaimed;
    expect(purged).toMatchObject(due);
    expect(due.objects).toBe(2);
  });
});

describe('a dry run', () => {
  it('is sorted by name and then by age, or as --sort says, with totals by rule', async () => {
    const ids: Record<string, string> = {};
    for (const [key, name, day] of [
      ['b2', 'b', '02'],
      ['a', 'a', '03'],
      ['b1', 'b', '01'],
    ] as const) {
      ids[key] = await put(name, key.repeat(3), '--ttl', '1', '--now', `2026-01-${day}T00:00:00Z`);
    }
    const order = async (...args: string[]) => {
      const { results: items } = await json(await run(['gc', '--dry-run', '--json', ...args]));
      return items.map(({ artifact_id }) => Object.keys(ids).find((k) => ids[k] === artifact_id));
    };
    expect(await order()).toEqual(['a', 'b1', 'b2']);
    expect(await order('--sort', 'created')).toEqual(['b1', 'b2', 'a']);
    expect(await order('--sort=-size')).toEqual(['b1', 'b2', 'a']);
    expect((await run(['gc', '-n', '--sort', 'id'])).status).toBe(2);
    const { stdout } = await run(['gc', '--dry-run']);
    expect(stdout).toMatch(/RULE +ARTIFACTS +SIZE +FREES\nttl expired +3 /);
  });

  it('lists kept artifacts only with --verbose', async () => {
    await put('kept', 'kept');
    expect((await run(['gc', '--dry-run'])).stdout).not.toMatch(/^kept +[0-9a-f]{8}/m);
    expect((await run(['gc', '--dry-run', '--verbose'])).stdout).toMatch(
      /^kept +[0-9a-f]{8} +within window/m,
    );
  });
});

describe('a quota that kept artifacts alone exceed', () => {
  it('exits with 11 before removing anything, says so in the dry run, and yields to --best-effort', async () => {
    await put('held', 'x'.repeat(5000), '--pin', 'hold');
    await put('kept', 'kept');
    const shown = await run(['gc', '--dry-run', '--quota', '1000']);
    expect(shown.status).toBe(11);
    expect(shown.stdout).toContain('without --best-effort, nothing would be removed');
    const refused = await run(['gc', '--yes', '--quota', '1000']);
    expect(refused.status).toBe(11);
    expect(refused.stderr).toContain('--best-effort');
    expect((await run(['show', 'kept'])).status).toBe(0);
    const done = await run(['gc', '--yes', '--quota', '1000', '--best-effort']);
    expect(done.status).toBe(11);
    expect(done.stdout).toContain('removed 1 artifact of 2');
  });

  it('is told from one that only the report of the collection exceeds', async () => {
    await put('old', 'x'.repeat(5000));
    await put('new', 'y'.repeat(5000));
    const { status, stdout } = await run(['gc', '--yes', '--quota', '6000', '--json']);
    expect(status).toBe(11);
    const { over_quota_bytes, report_bytes, warnings } = JSON.parse(stdout);
    expect(warnings[0]).toMatch(/over its quota: the report of this collection takes \d/);
    expect(over_quota_bytes).toBeGreaterThan(0);
    expect(report_bytes).toBeGreaterThan(over_quota_bytes);
  });
});
